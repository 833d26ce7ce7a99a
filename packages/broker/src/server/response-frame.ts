import { type Api, codecOf, responseHeaderVersion, writeResponseHeader } from "@millrace/protocol";
import { Writer } from "@millrace/protocol/wire";

/**
 * A whole response with its size, as parts to be sent in order; record batches among them are the log's own views.
 *
 * @throws ProtocolError `INVALID_VALUE`
 */
export function encodeResponse(
  api: Api,
  version: number,
  correlationId: number,
  response: unknown,
): readonly Uint8Array[] {
  const writer = new Writer();
  writer.writeInt32(0);
  writeResponseHeader(writer, correlationId, responseHeaderVersion(api, version));
  // The handler's type ties its response to the API; here both are only known to belong together.
  codecOf(api.response, version).write(writer, response as never);
  writer.patchInt32AtStart(writer.size - 4);
  return writer.parts();
}
