import { AvroError, truncated } from "./codec/avro-error.ts";
import type { AvroSchema } from "./schema/avro-schema.ts";
import { fingerprint64 } from "./schema/fingerprint.ts";

/** The two bytes that single-object encoding begins with. */
const marker = [0xc3, 0x01];
/** With the fingerprint. */
export const singleObjectHeadSize = 10;

/** What stands before a value in single-object encoding: the marker, and the fingerprint, its lowest byte first. */
export function singleObjectHead(schema: AvroSchema): Uint8Array {
  const head = new Uint8Array(singleObjectHeadSize);
  head.set(marker);
  new DataView(head.buffer).setBigUint64(2, fingerprint64(schema), true);
  return head;
}

/** By fingerprint, what objects of several schemas are read with. */
export class SingleObjectReaders<Reader> {
  readonly #readers = new Map<bigint, Reader>();
  #last: Reader | undefined;
  #lastLow = 0;
  #lastHigh = 0;

  constructor(schemas: readonly AvroSchema[], readerOf: (schema: AvroSchema) => Reader) {
    for (const schema of schemas) this.#readers.set(fingerprint64(schema), readerOf(schema));
  }

  /** @throws AvroError `TRUNCATED`, `MALFORMED`, `UNKNOWN_FINGERPRINT` */
  find(bytes: Uint8Array): Reader {
    if (bytes.length < singleObjectHeadSize) throw truncated();
    if (bytes[0] !== marker[0] || bytes[1] !== marker[1]) {
      throw new AvroError(
        "MALFORMED",
        "the bytes do not begin with c3 01, as single-object encoding does; read them with the encoding that they were written with",
      );
    }
    const low = half(bytes, 2);
    const high = half(bytes, 6);
    if (this.#last !== undefined && low === this.#lastLow && high === this.#lastHigh) {
      return this.#last;
    }
    const fingerprint = BigInt.asUintN(64, (BigInt(high) << 32n) | BigInt(low >>> 0));
    const found = this.#readers.get(fingerprint);
    if (found === undefined) {
      throw new AvroError(
        "UNKNOWN_FINGERPRINT",
        `the bytes were written with a schema of the fingerprint ${fingerprint.toString(16).padStart(16, "0")}; give that schema in writtenWith`,
      );
    }
    this.#last = found;
    this.#lastLow = low;
    this.#lastHigh = high;
    return found;
  }
}

function half(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}
