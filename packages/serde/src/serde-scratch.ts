import { shown } from "@millrace/model";
import { failure, serializeWith } from "./guarded.ts";
import { SerdeContractError } from "./serde-contract.ts";
import type { Serde, SerdePlace } from "./serde.ts";

const firstBytes = 1024;
const smallBytesMax = 64;
/** What is larger has room of its own, which is not kept. */
const keptBytesMax = 256 * 1024;

/**
 * Serialises what is copied at once: where the serde can write in place, into the same room again and again. A new array
 * costs more than the writing of a small value.
 */
export class SerdeScratch {
  #room = new Uint8Array(firstBytes);
  readonly #small: Uint8Array[] = [];

  /**
   * As `serializeWith`; the bytes hold until the next call.
   *
   * @throws SerdeError `SERIALIZATION_FAILED`, SerdePendingError, SerdeContractError
   */
  serialize<T>(serde: Serde<T>, value: T & {}, topic: string, place: SerdePlace): Uint8Array {
    if (serde.sizeMax === undefined || serde.writeTo === undefined)
      return serializeWith(serde, value, topic, place);
    let room: Uint8Array;
    let end: number;
    try {
      room = this.#smallRoom(serde, value) ?? this.#roomFor(serde.sizeMax(value));
      end = serde.writeTo(value, room, 0);
    } catch (cause) {
      throw failure("SERIALIZATION_FAILED", { topic, serde: serde.name, cause });
    }
    if (end === room.length) return room;
    if (end >= 0 && end <= room.length) return room.subarray(0, end);
    throw new SerdeContractError(
      "SERDE_GAVE_NO_SIZE",
      `writeTo of the serde ${serde.name} gave ${shown(end)}; return where the bytes end, which sizeMax has room for`,
    );
  }

  /** An array of just the size of a small value: to view a part of a larger one costs more than to write it. */
  #smallRoom<T>(serde: Serde<T>, value: T & {}): Uint8Array | undefined {
    if (serde.sizeOf === undefined) return undefined;
    if (typeof value === "string" && value.length > smallBytesMax) return undefined;
    const size = serde.sizeOf(value);
    return size > smallBytesMax ? undefined : (this.#small[size] ??= new Uint8Array(size));
  }

  #roomFor(size: number): Uint8Array {
    if (size <= this.#room.length) return this.#room;
    const room = new Uint8Array(size > keptBytesMax ? size : 2 ** Math.ceil(Math.log2(size)));
    if (size <= keptBytesMax) this.#room = room;
    return room;
  }
}
