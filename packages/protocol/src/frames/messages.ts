import { apiOf, servesVersion } from "../definitions/apis.ts";
import { ProtocolError } from "../protocol-error.ts";
import type { Api } from "../schema/api.ts";
import { codecOf } from "../schema/codec.ts";
import type { Fields } from "../schema/field.ts";
import type { Decoded, Given, Message } from "../schema/message.ts";
import { Reader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";
import {
  readRequestHeader,
  readResponseHeader,
  type RequestHeader,
  requestHeaderVersion,
  responseHeaderVersion,
  writeRequestHeader,
  writeResponseHeader,
} from "./request-header.ts";

const apiVersionsKey = 18;

/** A header, and where the body begins behind it. */
export interface DecodedRequestHeader extends RequestHeader {
  readonly api: Api;
  readonly bodyStart: number;
}

/**
 * A whole request with its size in front, as parts to be sent in order. Record batches are parts of
 * their own, not copied: they must not change until they are sent.
 *
 * @throws ProtocolError `INVALID_VALUE`, `UNSUPPORTED_VERSION`
 * @example
 * const header = { version: 12, correlationId: 1, clientId: "app" };
 * const parts = encodeRequest(metadataApi, header, { topics: null });
 */
export function encodeRequest<F extends Fields>(
  api: Api<Message<F>>,
  header: {
    readonly version: number;
    readonly correlationId: number;
    readonly clientId: string | null;
  },
  body: Given<Message<F>>,
): Uint8Array[] {
  const { version, correlationId, clientId } = header;
  const writer = new Writer();
  writer.writeInt32(0);
  const fields = { apiKey: api.key, apiVersion: version, correlationId, clientId };
  writeRequestHeader(writer, fields, requestHeaderVersion(api, version));
  codecOf(api.request, version).write(writer, body);
  return sized(writer);
}

/**
 * A whole response with its size in front, as parts to be sent in order; see `encodeRequest`. To an
 * ApiVersions request of a version that is not served, answer in version 0.
 *
 * @throws ProtocolError `INVALID_VALUE`, `UNSUPPORTED_VERSION`
 */
export function encodeResponse<F extends Fields>(
  api: Api<Message, Message<F>>,
  header: { readonly version: number; readonly correlationId: number },
  body: Given<Message<F>>,
): Uint8Array[] {
  const { version, correlationId } = header;
  const writer = new Writer();
  writer.writeInt32(0);
  writeResponseHeader(writer, correlationId, responseHeaderVersion(api, version));
  codecOf(api.response, version).write(writer, body);
  return sized(writer);
}

/**
 * The header of a request frame (without its size). An ApiVersions request of any version passes,
 * since it is to be answered: see `servesVersion`.
 *
 * @throws ProtocolError `UNKNOWN_API_KEY`, `UNSUPPORTED_VERSION`, `MALFORMED_MESSAGE`
 */
export function decodeRequestHeader(frame: Uint8Array): DecodedRequestHeader {
  const reader = new Reader(frame);
  const header = readRequestHeader(reader, (apiKey, apiVersion) => {
    const api = apiOf(apiKey);
    if (!servesVersion(api, apiVersion) && apiKey !== apiVersionsKey) {
      const { min, max } = api.versions;
      throw new ProtocolError(
        "UNSUPPORTED_VERSION",
        `${api.name} version ${apiVersion} is not served; use ${min} to ${max}`,
      );
    }
    return requestHeaderVersion(api, apiVersion);
  });
  return { ...header, api: apiOf(header.apiKey), bodyStart: reader.position };
}

/**
 * A message in a frame; bytes behind it are overlooked. Record batches are views of the frame.
 *
 * @example decodeBody(produceRequest, header.apiVersion, frame, header.bodyStart)
 * @throws ProtocolError `UNSUPPORTED_VERSION`, `MALFORMED_MESSAGE`
 */
export function decodeBody<F extends Fields>(
  message: Message<F>,
  version: number,
  frame: Uint8Array,
  start = 0,
): Decoded<Message<F>> {
  return codecOf(message, version).read(new Reader(frame, start));
}

/**
 * The correlation id of a response frame (without its size), which tells what request it answers.
 */
export function decodeCorrelationId(frame: Uint8Array): number {
  return new Reader(frame).readInt32();
}

/** @throws ProtocolError `UNSUPPORTED_VERSION`, `MALFORMED_MESSAGE` */
export function decodeResponse<F extends Fields>(
  api: Api<Message, Message<F>>,
  version: number,
  frame: Uint8Array,
): { readonly correlationId: number; readonly body: Decoded<Message<F>> } {
  const reader = new Reader(frame);
  const correlationId = readResponseHeader(reader, responseHeaderVersion(api, version));
  return { correlationId, body: codecOf(api.response, version).read(reader) };
}

function sized(writer: Writer): Uint8Array[] {
  writer.patchInt32AtStart(writer.size - 4);
  return writer.parts();
}
