import type { ShownForm } from "./record-form.ts";
import { isNo } from "./record-format.ts";

/** Keys in windows as Kafka Streams writes them: of sessions the end stands before the start. */
export const windowKinds = ["windowed", "session"] as const;

export type WindowKind = (typeof windowKinds)[number];

/** A key as its own form shows it, and the times of its window. */
export function windowedForm(kind: WindowKind, inner: ShownForm): ShownForm {
  const tailBytes = kind === "windowed" ? 8 : 16;
  return {
    isJson: true,
    decode: (bytes, headers, where) => {
      const keyBytes = bytes.length - tailBytes;
      const start = timeAt(bytes, bytes.length - 8);
      const end = timeAt(bytes, keyBytes);
      if (keyBytes < 0 || start === undefined || end === undefined) throw isNo(kind, bytes, where);
      const key = inner.decode(bytes.subarray(0, keyBytes), headers, where);
      return kind === "windowed" ? { key, start } : { key, start, end };
    },
  };
}

/** Undefined: no date holds it, or it is not there. */
function timeAt(bytes: Uint8Array, at: number): string | undefined {
  if (at < 0) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const date = new Date(Number(view.getBigInt64(at)));
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString();
}
