/** What we use of avsc's own files: the cursor that its types read and write with. avsc's version is pinned for it. */
declare module "avsc/lib/utils.js" {
  /** Node's Buffer, as far as the cursor needs it. */
  interface TapBuffer extends Uint8Array {
    utf8Slice(start: number, end: number): string;
    readFloatLE(position: number): number;
    readDoubleLE(position: number): number;
  }

  /** Writes beyond the end are lost, and told by `isValid`. */
  class Tap {
    constructor(buf: TapBuffer, pos?: number);
    buf: TapBuffer;
    pos: number;
    isValid(): boolean;
    writeLong(value: number): void;
    writeFloat(value: number): void;
    writeDouble(value: number): void;
    writeString(value: string): void;
  }

  const utils: {
    readonly Tap: typeof Tap;
    newSlowBuffer(size: number): TapBuffer;
    bufferFrom(array: ArrayBufferLike, offset: number): TapBuffer;
  };
  export default utils;
}
