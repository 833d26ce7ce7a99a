import { encodeUtf8, partitionForKey } from "@millrace/model";

import type { Event } from "./kinds-program.ts";
import { partitionCount } from "./partition-count.ts";
import { seededRandom } from "./seeded-random.ts";

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** From one event to the next. */
const stepMs = 5_000;
/** How far records of a partition may be behind its newest. */
const jitterMs = minuteMs;
/** So that Berlin's clocks are put back on the way. */
const startMs = Date.UTC(2024, 9, 26, 12);

export interface Timed<V> {
  readonly key: string;
  readonly value: V;
  readonly timestamp: number;
  readonly partition: number;
}

export interface Inputs {
  readonly events: readonly Timed<Event>[];
  readonly payments: readonly Timed<Event>[];
  readonly customers: readonly Timed<string>[];
}

/** The same ones for a count, and all of a smaller count among them. */
export function generateInputs(count: number): Inputs {
  const random = seededRandom(7);
  const keys = Array.from({ length: 50 }, (_, index) => `k${index}`);
  const event = (id: string, n: number, index: number): Timed<Event> => {
    const key = keys[Math.floor(random() * random() * keys.length)];
    const at = startMs + index * stepMs + Math.floor(random() * jitterMs);
    return timed(key, { key, id, n, at }, at);
  };
  const events: Timed<Event>[] = [];
  const payments: Timed<Event>[] = [];
  for (let index = 0; index < count; index++) {
    const n = (index * 7919) % 1_000_003;
    const one = event(`e${index}`, n, index);
    events.push(one);
    // The same again, soon: its id is known then.
    const at = one.timestamp + Math.floor(random() * jitterMs);
    if (random() < 0.1) events.push(timed(one.key, { ...one.value, at }, at));
    if (random() < 0.3) payments.push(event(`p${index}`, n, index));
  }
  const rows = [...keys, ...Array.from({ length: 20 }, (_, index) => `c${index}`)];
  const customers = [0, 800].flatMap((from) =>
    rows.map((key) => timed(key, `${key} from ${from}`, startMs + from * stepMs)),
  );
  return { events, payments, customers };
}

/** What closes all windows in the end, a record for each partition: of keys that are not looked at, a day apart. */
export function flushOf(count: number, days: number): readonly Timed<Event>[] {
  const at = startMs + count * stepMs + (400 + days) * dayMs;
  return Array.from({ length: partitionCount }, (_, partition) => {
    const key = `flush-${days}-${partition}`;
    return { ...timed(key, { key, id: key, n: -1, at }, at), partition };
  });
}

export function isFlush(key: string): boolean {
  return key.startsWith("flush-") || key === "g-1";
}

function timed<V>(key: string, value: V, timestamp: number): Timed<V> {
  return { key, value, timestamp, partition: partitionForKey(encodeUtf8(key), partitionCount) };
}
