import type { Inputs, Timed } from "./generate-kinds.ts";
import { joinMs, ttlMs, type Event } from "./kinds-program.ts";

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** By topic: the last value of each key, or all values, sorted. */
export type Outcome = Readonly<
  Record<string, Readonly<Record<string, unknown>> | readonly string[]>
>;

type Events = readonly Timed<Event>[];

export function computePlainly({ events, payments, customers }: Inputs): Outcome {
  const latest = Object.fromEntries(customers.map(({ key, value }) => [key, value]));
  const ids = events.map(({ value }) => value.id);
  return {
    tumbling: sums(events, (at) => [at - (at % (10 * minuteMs))]),
    hopping: sums(events, (at) => {
      const last = at - (at % (5 * minuteMs));
      return [last - 5 * minuteMs, last];
    }),
    days: sums(events, (at) => [berlinMidnight(at)]),
    sliding: perKey(events, slidingOf),
    sessions: perKey(events, sessionsOf),
    sevens: perKey(events, sevensOf),
    owners: Object.fromEntries(
      events.map(({ key, value }) => [key, `${value.id}:${latest[`c${value.n % 20}`]}`]),
    ),
    top: topOf(events),
    recent: recentOf(events),
    once: [...new Set(ids)].sort(),
    delayed: ids.toSorted(),
    paid: paidOf(events, payments),
    "as-of": events
      .map(({ key, value, timestamp }) => {
        const found = latestAt(
          payments.filter((one) => one.key === key && one.timestamp >= timestamp - joinMs),
          timestamp,
        );
        return `${value.id}<${found?.value.id ?? ""}`;
      })
      .sort(),
    versions: events
      .map(({ key, value, timestamp }) => {
        const rows = customers.filter((row) => row.key === key);
        return `${value.id}=${latestAt(rows, timestamp)?.value ?? ""}`;
      })
      .sort(),
  };
}

function perKey(
  events: Events,
  ofKey: (key: string, own: Events) => Readonly<Record<string, number>>,
): Readonly<Record<string, number>> {
  return Object.assign({}, ...[...byKey(events)].map(([key, own]) => ofKey(key, own)));
}

function byKey(events: Events): Map<string, Timed<Event>[]> {
  return Map.groupBy(events, ({ key }) => key);
}

/** Of one time the last that came. */
function latestAt<V>(all: readonly Timed<V>[], time: number): Timed<V> | undefined {
  let latest: Timed<V> | undefined;
  for (const one of all)
    if (one.timestamp <= time && one.timestamp >= (latest?.timestamp ?? 0)) latest = one;
  return latest;
}

function sums(
  events: Events,
  windowsOf: (at: number) => readonly number[],
): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const { key, value, timestamp } of events)
    for (const start of windowsOf(timestamp))
      found[`${key}@${start}`] = (found[`${key}@${start}`] ?? 0) + value.n;
  return found;
}

/** Summer time ends on 27 October 2024 at 1:00 UTC. */
function berlinMidnight(at: number): number {
  const offsetAt = (time: number) => (time < Date.UTC(2024, 9, 27, 1) ? 120 : 60) * minuteMs;
  const local = at + offsetAt(at);
  const midnight = local - (local % dayMs);
  return midnight - offsetAt(midnight - 120 * minuteMs);
}

function timesOf(events: Events): readonly number[] {
  return events.map(({ timestamp }) => timestamp).sort((left, right) => left - right);
}

function slidingOf(key: string, events: Events): Readonly<Record<string, number>> {
  const size = 3 * minuteMs;
  const times = timesOf(events);
  const found: Record<string, number> = {};
  for (const at of times)
    for (const start of [at - size, at + 1]) {
      const count = times.filter((time) => time >= start && time <= start + size).length;
      if (count > 0) found[`${key}@${start}`] = count;
    }
  return found;
}

function sessionsOf(key: string, events: Events): Readonly<Record<string, number>> {
  const times = timesOf(events);
  const found: Record<string, number> = {};
  let first = 0;
  for (let index = 0; index < times.length; index++) {
    if (times[index + 1] - times[index] <= 4 * minuteMs) continue;
    found[`${key}@${times[first]}-${times[index]}`] = index + 1 - first;
    first = index + 1;
  }
  return found;
}

function sevensOf(key: string, events: Events): Readonly<Record<string, number>> {
  const found: Record<string, number> = {};
  for (let index = 0; (index + 1) * 7 <= events.length; index++)
    found[`${key}@${index}`] = events
      .slice(index * 7, index * 7 + 7)
      .reduce((sum, { value }) => sum + value.n, 0);
  return found;
}

function topOf(events: Events): Readonly<Record<string, string>> {
  const groups = Map.groupBy(events, ({ value }) => `g${value.n % 5}`);
  const idsOf = (all: Events) =>
    all
      .toSorted((left, right) => right.value.n - left.value.n)
      .slice(0, 3)
      .map(({ value }) => value.id);
  return Object.fromEntries([...groups].map(([group, all]) => [group, idsOf(all).join()]));
}

function paidOf(events: Events, payments: Events): readonly string[] {
  const met = new Set<string>();
  const others = byKey(payments);
  const paid = events.flatMap(({ key, value, timestamp }) => {
    const near = (others.get(key) ?? []).filter(
      (one) => Math.abs(one.timestamp - timestamp) <= joinMs,
    );
    for (const one of near) met.add(one.value.id);
    return near.length === 0 ? [`${value.id}+`] : near.map((one) => `${value.id}+${one.value.id}`);
  });
  const alone = payments.filter(({ value }) => !met.has(value.id));
  return [...paid, ...alone.map(({ value }) => `+${value.id}`)].sort();
}

/** Counts of rows that expire: all updates of each key, in their order. */
function recentOf(events: Events): Readonly<Record<string, readonly (number | null)[]>> {
  const found: Record<string, (number | null)[]> = {};
  for (const own of Map.groupBy(events, ({ partition }) => partition).values()) {
    const rows = new Map<string, { count: number; timestamp: number }>();
    const expire = (now: number): void => {
      for (const [key, { timestamp }] of rows)
        if (timestamp + ttlMs <= now && rows.delete(key)) found[key].push(null);
    };
    let now = -1;
    for (const { key, timestamp } of own) {
      now = Math.max(now, timestamp);
      expire(now);
      const row = rows.get(key) ?? { count: 0, timestamp };
      const count = row.count + 1;
      rows.set(key, { count, timestamp: Math.max(row.timestamp, timestamp) });
      (found[key] ??= []).push(count);
    }
    expire(Infinity);
  }
  return found;
}
