import type { Headers } from "@millrace/model";

import { decodeAs, encodeAs, type FormatName } from "./record-format.ts";

/** How keys or values are shown. */
export interface ShownForm {
  /** Texts are shown in quotes too. */
  readonly isJson: boolean;
  /**
   * What JSON can hold.
   *
   * @throws CommandError: the bytes are something else; SerdePendingError: come again once it is ready
   */
  decode(bytes: Uint8Array, headers: Headers, where: string): unknown;
}

/** How they are read from lines, too. */
export interface RecordForm extends ShownForm {
  /** @throws the same */
  encode(text: string, where: string): Uint8Array;
}

/** One that needs nothing but the bytes. */
export function plainForm(name: FormatName): RecordForm {
  return {
    isJson: name === "json",
    decode: (bytes, _headers, where) => decodeAs(name, bytes, where),
    encode: (text, where) => encodeAs(name, text, where),
  };
}
