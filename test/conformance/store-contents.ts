import { concatBytes, fromHex, noBytes } from "@millrace/model";
import type { Serde } from "@millrace/serde";
import type {
  JoinBuffer,
  KeyValueStore,
  ReadOnlyVersionedKeyValueStore,
  SessionStore,
  SessionStoreSpecification,
  StoreSpecification,
  ValueAndTimestamp,
  WindowedCursor,
  WindowStore,
  WindowStoreSpecification,
} from "@millrace/state";
import type { TopologyTestDriver } from "@millrace/testing";
import { storedHeaders } from "./stored-headers.ts";
import { bufferContents } from "./suppress-buffers.ts";

import type { OutcomeStep } from "./program.ts";
import { hexOf } from "./values.ts";

type Entry = Readonly<Record<string, unknown>> & { readonly key: string };

/** What the stores hold at the end, in bytes, by the order of FORMAT.md. */
export function storeContents(
  driver: TopologyTestDriver,
  steps: readonly OutcomeStep[],
  inputKeys: readonly string[],
): Readonly<Record<string, unknown>> {
  const byName = driver.specifications.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  return Object.fromEntries(
    byName.map((specification) => {
      const { name, engine, kind } = specification;
      if (kind.name === "suppression") return [name, bufferContents(driver.store(name))];
      const isPersistent = engine === "rocksdb";
      if (kind.name === "buffer") {
        const { recordCount, bytes, minTimestamp } =
          driver.store<JoinBuffer<unknown, unknown>>(name);
        const account = { records: recordCount, bytes, minTimestamp };
        return [name, { kind: kind.name, persistent: isPersistent, ...account }];
      }
      const entries = [...entriesOf(specification, driver, { steps, inputKeys })].sort(
        compareEntries,
      );
      return [name, { kind: kindSeen(specification), persistent: isPersistent, entries }];
    }),
  );
}

/** Kafka's sessions in the order of time do not say that they have headers. */
function kindSeen(specification: StoreSpecification): string {
  const { name } = specification.kind;
  const isByTime = (specification as SessionStoreSpecification).order === "time";
  return name === "sessionWithHeaders" && isByTime ? "session" : name;
}

function entriesOf(
  specification: StoreSpecification,
  driver: TopologyTestDriver,
  seen: SeenKeys,
): Iterable<Entry> {
  const { name, kind } = specification;
  switch (kind.name) {
    case "window":
    case "timestampedWindow":
    case "timestampedWindowWithHeaders":
      if ((specification as WindowStoreSpecification).windowSizeMs === 0) return []; // Kafka cannot list it
      return windows(specification, driver.store<WindowStore<unknown, unknown>>(name).fetchAll());
    case "session":
    case "sessionWithHeaders":
      return windows(
        specification,
        driver.store<SessionStore<unknown, unknown>>(name).findSessionsOfKeys(null, null),
      );
    case "versioned":
      return versions(
        specification,
        driver.store<ReadOnlyVersionedKeyValueStore<unknown, unknown>>(name),
        keysIn(seen, name),
      );
    default:
      return pairs(specification, driver.store<KeyValueStore<unknown, unknown>>(name));
  }
}

function* pairs(
  { key, value }: StoreSpecification,
  store: KeyValueStore<unknown, unknown>,
): Generator<Entry> {
  for (const entry of store.all())
    yield { key: hexBy(key, entry.key), value: storedHex(value, entry.value) };
}

function* windows(
  { key, value, kind }: StoreSpecification,
  rows: WindowedCursor<unknown, unknown>,
): Generator<Entry> {
  for (const { key: windowed, value: seen } of rows) {
    // Joins see their records without the times, which are those of the windows.
    const isJoins = kind.name === "timestampedWindowWithHeaders" && !isStamped(seen);
    const { time: timestamp, headers } = rows;
    const stored = storedHex(value, isJoins ? { value: seen, timestamp, headers } : seen);
    const before = kind.name === "sessionWithHeaders" ? hexOf(storedHeaders(headers)) : "";
    yield { key: hexBy(key, windowed.key), ...windowed.window, value: `${before}${stored}` };
  }
}

function* versions(
  { key, value }: StoreSpecification,
  store: ReadOnlyVersionedKeyValueStore<unknown, unknown>,
  keys: ReadonlySet<string>,
): Generator<Entry> {
  for (const own of keys)
    for (const version of store.history(key.deserialize(fromHex(own), "")))
      yield {
        key: own,
        value: hexBy(value, version.value),
        ts: version.timestamp,
        validTo: version.validTo,
      };
}

interface SeenKeys {
  readonly steps: readonly OutcomeStep[];
  /** In hex. */
  readonly inputKeys: readonly string[];
}

/** A versioned store does not tell its keys; its changelog does, or, where it has none, what was put in. */
function keysIn({ steps, inputKeys }: SeenKeys, store: string): ReadonlySet<string> {
  const records = steps.flatMap(({ out = [] }) => out);
  const own = records.filter(({ topic }) => topic.endsWith(`-${store}-changelog`));
  return new Set([...inputKeys, ...own.map(({ key }) => key ?? "")]);
}

function hexBy(serde: Serde<unknown>, value: unknown): string {
  return hexOf(serde.serialize(value as object, "")) ?? "";
}

/** A value, or one behind its headers and timestamp. */
function storedHex(serde: Serde<unknown>, stored: unknown): string {
  if (!isStamped(stored)) return hexBy(serde, stored);
  const stamp = new Uint8Array(8);
  new DataView(stamp.buffer).setBigInt64(0, BigInt(stored.timestamp));
  const value = serde.serialize(stored.value as object, "");
  const headers = stored.headers === undefined ? noBytes : storedHeaders(stored.headers);
  return hexOf(concatBytes(headers, stamp, value)) ?? "";
}

function isStamped(stored: unknown): stored is ValueAndTimestamp<unknown> {
  return (
    typeof stored === "object" && stored !== null && "timestamp" in stored && "value" in stored
  );
}

/** By key, start, end; of versions by their age. */
function compareEntries(left: Entry, right: Entry): number {
  if (left.key !== right.key) return left.key < right.key ? -1 : 1;
  const by = (field: string): number => Number(left[field] ?? 0) - Number(right[field] ?? 0);
  return by("start") || by("end") || by("ts");
}
