import { ProtocolError } from "../protocol-error.ts";
import { type Api, isFlexible } from "../schema/api.ts";
import type { Reader } from "../wire/reader.ts";
import type { Writer } from "../wire/writer.ts";

/** What stands before the body of every request (Kafka: `RequestHeader`, versions 0 to 2). */
export interface RequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  /** Null where the header has none. */
  readonly clientId: string | null;
}

/** Version 0 is that of ControlledShutdown alone and is read, never written. */
export type RequestHeaderVersion = 0 | 1 | 2;

const apiVersionsKey = 18;

/** 2 for flexible versions of an API, else 1. */
export function requestHeaderVersion(api: Api, apiVersion: number): 1 | 2 {
  return isFlexible(api.versions, apiVersion) ? 2 : 1;
}

/**
 * 1 for flexible versions; ApiVersions has 0 always, so that the oldest clients can read the
 * answer.
 */
export function responseHeaderVersion(api: Api, apiVersion: number): 0 | 1 {
  return api.key !== apiVersionsKey && isFlexible(api.versions, apiVersion) ? 1 : 0;
}

/** The client id has its old two-byte length in all versions. */
export function readRequestHeader(
  reader: Reader,
  headerVersion: (apiKey: number, apiVersion: number) => RequestHeaderVersion,
): RequestHeader {
  const apiKey = reader.readInt16();
  const apiVersion = reader.readInt16();
  const version = headerVersion(apiKey, apiVersion);
  const correlationId = reader.readInt32();
  const clientIdLength = version === 0 ? -1 : reader.readInt16();
  const clientId = clientIdLength < 0 ? null : reader.readText(clientIdLength);
  if (version === 2) skipTagBuffer(reader);
  return { apiKey, apiVersion, correlationId, clientId };
}

export function writeRequestHeader(writer: Writer, header: RequestHeader, version: 1 | 2): void {
  writer.writeInt16(header.apiKey);
  writer.writeInt16(header.apiVersion);
  writer.writeInt32(header.correlationId);
  if (header.clientId === null) writer.writeInt16(-1);
  else writer.writeString(header.clientId);
  if (version === 2) writer.writeUint8(0);
}

/** Gives the correlation id. */
export function readResponseHeader(reader: Reader, version: 0 | 1): number {
  const correlationId = reader.readInt32();
  if (version === 1) skipTagBuffer(reader);
  return correlationId;
}

export function writeResponseHeader(writer: Writer, correlationId: number, version: 0 | 1): void {
  writer.writeInt32(correlationId);
  if (version === 1) writer.writeUint8(0);
}

function skipTagBuffer(reader: Reader): void {
  const count = reader.readUnsignedVarint();
  if (count > reader.remaining) {
    throw new ProtocolError(
      "MALFORMED_MESSAGE",
      `a header claims ${count} tags where ${reader.remaining} bytes are left`,
    );
  }
  for (let index = 0; index < count; index++) {
    reader.readUnsignedVarint();
    reader.skip(reader.readUnsignedVarint());
  }
}
