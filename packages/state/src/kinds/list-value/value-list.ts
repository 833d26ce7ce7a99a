import { invariant } from "@millrace/model";

/**
 * Lists of byte arrays as Kafka's `ListSerializer` writes them: strategy (1, of values with lengths), count (4), and each
 * value behind its length (4).
 */
const variableSize = 1;
const headBytes = 5;

/** The list with one more value at its end; of none, a list of one. */
export function appended(list: Uint8Array | null, value: Uint8Array): Uint8Array {
  const length = list?.length ?? headBytes;
  const longer = new Uint8Array(length + 4 + value.length);
  if (list !== null) longer.set(list);
  longer[0] = variableSize;
  const view = new DataView(longer.buffer);
  view.setInt32(1, list === null ? 1 : view.getInt32(1) + 1);
  view.setInt32(length, value.length);
  longer.set(value, length + 4);
  return longer;
}

/** Views, in order. */
export function* valuesIn(list: Uint8Array): Generator<Uint8Array> {
  const view = new DataView(list.buffer, list.byteOffset, list.byteLength);
  invariant(view.getInt8(0) === variableSize, "STATE-14", "a list of values with lengths");
  let at = headBytes;
  for (let left = view.getInt32(1); left > 0; left--) {
    const end = at + 4 + view.getInt32(at);
    yield list.subarray(at + 4, end);
    at = end;
  }
}

/** @throws RangeError for what `appended` has not made */
export function requireList(list: Uint8Array): void {
  const whole = `a list of ${list.length} bytes`;
  const view = new DataView(list.buffer, list.byteOffset, list.byteLength);
  if (list.length < headBytes || view.getInt8(0) !== variableSize)
    throw new RangeError(`${whole} that is none of values with lengths`);
  let at = headBytes;
  for (let left = view.getInt32(1); left > 0; left--) {
    const length = at + 4 <= list.length ? view.getInt32(at) : -1;
    if (length < 0 || length > list.length - at - 4)
      throw new RangeError(`${whole} whose value at ${at} goes beyond its end`);
    at += 4 + length;
  }
  if (at < list.length) throw new RangeError(`${whole}, of which ${list.length - at} are no value`);
}
