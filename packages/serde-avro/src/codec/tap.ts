// @ts-expect-error -- avsc has types for its entry alone; what we use of its own files is told below, its version is pinned
import utils from "avsc/lib/utils.js";

/** Node's Buffer, as far as avsc's cursor and ours need it. */
export interface TapBuffer extends Uint8Array<ArrayBuffer> {
  utf8Slice(start: number, end: number): string;
  readFloatLE(position: number): number;
  readDoubleLE(position: number): number;
}

/** avsc's cursor, which its types read and write with. Writes beyond the end are lost, and told by `isValid`. */
export interface Tap {
  buf: TapBuffer;
  pos: number;
  isValid(): boolean;
  writeLong(value: number): void;
  writeFloat(value: number): void;
  writeDouble(value: number): void;
  writeString(value: string): void;
}

export const Tap = utils.Tap as new (buf: TapBuffer) => Tap;

/** Memory of its own. */
export const newTapBuffer = utils.newSlowBuffer as (size: number) => TapBuffer;

/** All of the memory that bytes stand in. */
export const tapBufferOf = utils.bufferFrom as (array: ArrayBufferLike, offset: 0) => TapBuffer;
