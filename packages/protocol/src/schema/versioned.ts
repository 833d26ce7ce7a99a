import { ProtocolError } from "../protocol-error.ts";
import { Reader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";
import { codecOf } from "./codec.ts";
import type { Fields } from "./field.ts";
import type { Decoded, Given, Message } from "./message.ts";

/** A message behind its version in two bytes, as values in Kafka's internal topics stand. */
export function encodeVersioned<F extends Fields>(
  message: Message<F>,
  version: number,
  value: Given<Message<F>>,
): Uint8Array {
  const writer = new Writer();
  writer.writeInt16(version);
  codecOf(message, version).write(writer, value);
  return writer.toBytes();
}

/** @throws ProtocolError `MALFORMED_MESSAGE`, `UNSUPPORTED_VERSION` */
export function decodeVersioned<F extends Fields>(
  message: Message<F>,
  bytes: Uint8Array,
): Decoded<Message<F>> {
  const reader = new Reader(bytes);
  return codecOf(message, reader.readInt16()).read(reader);
}

/**
 * The same, where versions above the highest known are read as that one: later versions only append
 * fields (Kafka: `ConsumerProtocol`).
 *
 * @throws ProtocolError `MALFORMED_MESSAGE`, `UNSUPPORTED_VERSION` for a negative version
 */
export function decodeVersionedForward<F extends Fields>(
  message: Message<F>,
  bytes: Uint8Array,
): Decoded<Message<F>> {
  const reader = new Reader(bytes);
  const version = reader.readInt16();
  if (version < message.versions.min) {
    throw new ProtocolError(
      "UNSUPPORTED_VERSION",
      `${message.name} version ${version} is not known`,
    );
  }
  return codecOf(message, Math.min(version, message.versions.max)).read(reader);
}
