import { toMilliseconds, type Duration, type Timestamp, type Windowed } from "@millrace/model";
import { composedOf } from "./composed-of.ts";
import { requireSerde } from "./serde-contract.ts";
import type { Serde } from "./serde.ts";

/**
 * `session`: sessions, which say themselves where they end. Else windows of one size, or the windows themselves, such as
 * `calendar("day", { timeZone: "Europe/Berlin" })`: they know where the one ends that starts at a time.
 */
export type WindowedForm =
  | "session"
  | { readonly size: Duration }
  | { readonly endOf: (start: Timestamp) => Timestamp };

/**
 * Keys in windows (Kafka: `WindowedSerdes`): the key's bytes ++ start (8) of windows, and ++ end (8) ++ start
 * (8) of sessions.
 *
 * @throws DurationError, SerdeContractError `INVALID_SERDE`
 * @example builder.stream("per-minute", { key: windowed(string(), { size: "1m" }), value: int64AsNumber() })
 */
export function windowed<K>(key: Serde<K>, form: WindowedForm): Serde<Windowed<K & {}>> {
  requireSerde(key, "windowed");
  const name = `windowed ${key.name}`;
  const codec = form === "session" ? sessions(key) : windows(key, endOfWindows(form));
  return Object.freeze({ ...codec, ...composedOf(key), name, isNullable: false });
}

type Codec<K> = Pick<Serde<Windowed<K & {}>>, "serialize" | "deserialize" | "partitionedBy">;

function endOfWindows(form: Exclude<WindowedForm, "session">): (start: Timestamp) => Timestamp {
  if ("endOf" in form) return form.endOf;
  const sizeMs = toMilliseconds(form.size, "size of windowed");
  return (start) => Math.min(start + sizeMs, 2 ** 63);
}

function windows<K>(key: Serde<K>, endOf: (start: Timestamp) => Timestamp): Codec<K> {
  return {
    serialize: ({ key: own, window }, topic, place) =>
      behind(key.serialize(own, topic, place), [window.start]),
    deserialize: (bytes, topic, place) => {
      const [start] = timesOf(bytes, 1);
      const own = key.deserialize(bytes.subarray(0, bytes.length - 8), topic, place);
      return { key: own, window: { start, end: endOf(start) } };
    },
    partitionedBy: (bytes) => bytes.subarray(0, bytes.length - 8),
  };
}

function sessions<K>(key: Serde<K>): Codec<K> {
  return {
    serialize: ({ key: own, window: { start, end } }, topic, place) =>
      behind(key.serialize(own, topic, place), [end, start]),
    deserialize: (bytes, topic, place) => {
      const [end, start] = timesOf(bytes, 2);
      const own = key.deserialize(bytes.subarray(0, bytes.length - 16), topic, place);
      return { key: own, window: { start, end } };
    },
    partitionedBy: (bytes) => bytes.subarray(0, bytes.length - 16),
  };
}

const int64Max = 2n ** 63n - 1n;

function behind(key: Uint8Array, times: readonly number[]): Uint8Array {
  const whole = new Uint8Array(key.length + 8 * times.length);
  const view = new DataView(whole.buffer);
  whole.set(key);
  times.forEach((time, index) => {
    const whole = time >= 2 ** 63 ? int64Max : BigInt(time);
    view.setBigInt64(key.length + 8 * index, whole);
  });
  return whole;
}

function timesOf(bytes: Uint8Array, count: 1 | 2): readonly number[] {
  const start = bytes.length - 8 * count;
  if (start < 0) throw new RangeError(`${bytes.length} bytes are too few for a key in a window`);
  return count === 1 ? [timeAt(bytes, start)] : [timeAt(bytes, start), timeAt(bytes, start + 8)];
}

/** Each record of a windowed topic has one: a `bigint` on the way would cost more than all the rest. */
function timeAt(bytes: Uint8Array, at: number): number {
  return int32At(bytes, at) * 2 ** 32 + (int32At(bytes, at + 4) >>> 0);
}

function int32At(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}
