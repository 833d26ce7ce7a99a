import { ProtocolError } from "../protocol-error.ts";
import { Reader } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";
import type { Fields } from "./field.ts";
import type { Decoded, Given, Message } from "./message.ts";
import { structCodec } from "./struct-codec.ts";

/** Reads and writes one message in one version. */
export interface Codec<M extends Message = Message> {
  /** Bytes after the message are left alone. */
  read(reader: Reader): Decoded<M>;
  write(writer: Writer, value: Given<M>): void;
}

const codecs = new WeakMap<Message, Codec[]>();

/**
 * The codec of a version, composed from closures when it is asked for first.
 *
 * @throws ProtocolError `UNSUPPORTED_VERSION`
 */
export function codecOf<F extends Fields>(message: Message<F>, version: number): Codec<Message<F>> {
  let known = codecs.get(message);
  if (known === undefined) codecs.set(message, (known = []));
  // The message is the key of its own codecs, which is what the cast stands on.
  return (known[version] ??= compose(message, version)) as Codec<Message<F>>;
}

function compose(message: Message, version: number): Codec {
  const { min, max, flexibleSince } = message.versions;
  if (!Number.isInteger(version) || version < min || version > max) {
    throw new ProtocolError(
      "UNSUPPORTED_VERSION",
      `${message.name} version ${version} is not known; use ${min} to ${max}`,
    );
  }
  const isFlexible = flexibleSince !== undefined && version >= flexibleSince;
  const { read, write } = structCodec(message.fields, { version, isFlexible, path: message.name });
  // The closures are composed from the very fields that the types are inferred from.
  return { read: read as Codec["read"], write };
}

/**
 * @throws ProtocolError `MALFORMED_MESSAGE`, `UNSUPPORTED_VERSION`
 * @example decodeMessage(metadataRequest, 12, bytes).topics
 */
export function decodeMessage<F extends Fields>(
  message: Message<F>,
  version: number,
  bytes: Uint8Array,
): Decoded<Message<F>> {
  return codecOf(message, version).read(new Reader(bytes));
}

/** @throws ProtocolError `INVALID_VALUE`, `UNSUPPORTED_VERSION` */
export function encodeMessage<F extends Fields>(
  message: Message<F>,
  version: number,
  value: Given<Message<F>>,
): Uint8Array {
  const writer = new Writer();
  codecOf(message, version).write(writer, value);
  return writer.toBytes();
}
