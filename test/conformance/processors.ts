import { encodeUtf8, type Header } from "@millrace/model";
import type {
  KeyValueStore,
  SessionStore,
  StateStore,
  ValueAndTimestamp,
  VersionedKeyValueStore,
  WindowStore,
} from "@millrace/state";
import {
  StreamRecord,
  type FixedKeyRecord,
  type Processor,
  type ProcessorContext,
  type PunctuationInterval,
  type RecordMetadata,
} from "@millrace/streams";

import { asLong, failOn, part } from "./function-values.ts";
import { asList, asObject, asText, textOrUndefined, type JsonObject } from "./program.ts";
import { ArgumentError, lift, show, type TypeName } from "./values.ts";

/** What a processor of a program needs of its surroundings, in the DSL or in a topology by hand. */
export interface Surroundings {
  readonly store: (name: string) => StateStore;
  readonly forward: (record: AnyRecord, child?: string) => void;
  readonly schedule: (
    interval: PunctuationInterval,
    type: "streamTime" | "wallClockTime",
    punctuate: (now: number) => void,
  ) => Disposable;
  readonly metadata: () => RecordMetadata | undefined;
  readonly streamTime: () => number;
  readonly wallTime: () => number;
}

/** What both of them can do. */
type AnyRecord = StreamRecord | FixedKeyRecord;
type Pairs = KeyValueStore<unknown, unknown>;

/** One processor of a program at work. */
export interface Block {
  process(record: AnyRecord, around: Surroundings): void;
  init?(around: Surroundings): void;
}

/** A kind of processor with its fields, and the types that flow through it. */
export interface BlockPlan {
  readonly key: TypeName;
  readonly value: TypeName;
  readonly make: () => Block;
}

/**
 * @param input types of what comes in
 * @param storeKind name of the kind of its store
 */
export function blockPlan(
  spec: JsonObject,
  input: { readonly key: TypeName; readonly value: TypeName },
  storeKind: string,
): BlockPlan {
  const given = (value: unknown): unknown => lift(value, input.value);
  const { key, value } = input;
  switch (spec["kind"]) {
    case "dedup":
      return { key, value, make: () => dedup(spec, given) };
    case "counts":
      return { key, value: "int64", make: () => counts(spec) };
    case "clock":
      return { key: "string", value: "string", make: () => clock(spec) };
    case "fan":
      return { key, value, make: () => fan(spec) };
    case "stamp":
      return { key, value, make: () => stamp(spec) };
    case "lookup":
      return { key, value: "string", make: () => lookup(spec, given) };
    case "fail":
      return { key, value, make: () => fail(spec, given) };
    case "put":
      return { key, value, make: () => put(spec) };
    case "write":
      return { key, value: "string", make: () => write(spec, storeKind) };
    case "route":
      return { key, value, make: () => route(spec, given) };
    case "number":
      return { key, value: "string", make: () => number(spec, given) };
    default:
      throw new ArgumentError(`unknown processor ${JSON.stringify(spec)}`);
  }
}

/** The block as a processor of a topology by hand. */
export function processorOf(block: Block): Processor {
  let around: Surroundings | undefined;
  return {
    init(context: ProcessorContext) {
      around = {
        store: (name) => context.store(name),
        forward: (record, child) => context.forward(record as StreamRecord, child),
        schedule: (...request) => context.schedule(...request),
        metadata: () => context.recordMetadata,
        streamTime: () => context.currentStreamTimeMs(),
        wallTime: () => context.currentSystemTimeMs(),
      };
      block.init?.(around);
    },
    process(record) {
      if (around !== undefined) block.process(record, around);
    },
  };
}

function dedup(spec: JsonObject, given: (value: unknown) => unknown): Block {
  return {
    process(record, around) {
      const store = around.store(asText(spec["store"])) as Pairs;
      if (record.key !== null) {
        if (show(store.get(record.key)) === show(given(record.value))) return;
        store.put(record.key, record.value ?? null);
      }
      around.forward(record);
    },
  };
}

function counts(spec: JsonObject): Block {
  return {
    init(around) {
      scheduleAll(spec, around, (_, now) => {
        const store = around.store(asText(spec["store"])) as Pairs;
        using cursor = store.all();
        const found = [...cursor];
        for (const { key, value } of found) {
          around.forward(new StreamRecord(key, value, now));
          if (spec["clear"] === true) store.delete(key);
        }
      });
    },
    process({ key }, around) {
      if (key === null) return;
      const store = around.store(asText(spec["store"])) as Pairs;
      store.put(key, asLong(store.get(key) ?? 0n) + 1n);
    },
  };
}

function clock(spec: JsonObject): Block {
  const timers: Disposable[] = [];
  let fired = 0;
  const known = ({ streamTime, wallTime, metadata }: Surroundings): string => {
    const origin = metadata();
    const from =
      origin === undefined ? "null/-1/-1" : `${origin.topic}/${origin.partition}/${origin.offset}`;
    return ` stream=${streamTime()} wall=${wallTime()} from=${from}`;
  };
  return {
    init(around) {
      const tick = (every: JsonObject, now: number): void => {
        fired += 1;
        const name = `${asText(every["type"])}/${String(every["interval"])}`;
        around.forward(new StreamRecord("tick", `${name}@${now}${known(around)}`, now));
        const last = spec["cancelAfter"];
        if (last !== undefined && fired >= Number(last))
          for (const timer of timers) timer[Symbol.dispose]();
      };
      timers.push(...scheduleAll(spec, around, tick));
    },
    process(record, around) {
      const text = `record@${record.timestamp}${known(around)}`;
      around.forward((record as StreamRecord).withKey(show(record.key)).withValue(text));
    },
  };
}

function fan(spec: JsonObject): Block {
  return {
    process(record, { forward }) {
      for (const shift of asList(spec["shifts"]))
        forward(record.withTimestamp(record.timestamp + Number(shift)));
    },
  };
}

function stamp(spec: JsonObject): Block {
  return {
    process(record, { forward }) {
      const text = encodeUtf8(`${show(record.key)}@${record.timestamp}`);
      const header: Header = [asText(spec["header"]), text];
      forward(record.withHeaders([...(spec["clear"] === true ? [] : record.headers), header]));
    },
  };
}

function lookup(spec: JsonObject, given: (value: unknown) => unknown): Block {
  return {
    process(record, around) {
      const store = around.store(asText(spec["store"])) as Pairs;
      const found = record.key === null ? null : store.get(record.key);
      around.forward(record.withValue(`${show(given(record.value))}|${shownEntry(found)}`));
    },
  };
}

function fail(spec: JsonObject, given: (value: unknown) => unknown): Block {
  return {
    process: (record, { forward }) =>
      forward(failOn(asText(spec["on"]), given(record.value), record)),
  };
}

function put(spec: JsonObject): Block {
  return {
    process({ key, value }, around) {
      if (key !== null) (around.store(asText(spec["store"])) as Pairs).put(key, value ?? null);
    },
  };
}

function write(spec: JsonObject, storeKind: string): Block {
  const writer = writers[storeKind] ?? writePair;
  return {
    process(record, around) {
      const store = around.store(asText(spec["store"]));
      around.forward(record.withValue(writer(store, record, spec)));
    },
  };
}

/** Writes a record to a store of some kind, and says what came of it. */
type Writer = (store: StateStore, record: AnyRecord, spec: JsonObject) => string;

const writePair: Writer = (store, { key, value }, spec) =>
  writeTo(store as Pairs, { key, value: value ?? null }, spec);

const writers: Readonly<Record<string, Writer>> = {
  timestampedKeyValue: (store, { key, value, timestamp }, spec) => {
    const stored = value === null ? null : { value, timestamp };
    return writeTo(store as Pairs, { key, value: stored }, spec);
  },
  window: (store, { key, value, timestamp }) => {
    (store as WindowStore<unknown, unknown>).put(key, value ?? null, timestamp);
    return "put";
  },
  session: (store, { key, value, timestamp: end }, spec) => {
    const sessions = store as SessionStore<unknown, unknown>;
    const start = Math.max(0, end - Number(spec["length"] ?? 0));
    const session = { key, window: { start, end } };
    if (spec["how"] === "delete") sessions.remove(session);
    else sessions.put(session, value ?? null);
    return wayOf(spec);
  },
  versioned: (store, { key, value, timestamp }, spec) => {
    const versions = store as VersionedKeyValueStore<unknown, unknown>;
    if (wayOf(spec) === "delete") return shownEntry(versions.delete(key, timestamp));
    const put = versions.put(key, value ?? null, timestamp);
    return put === "expired" ? "not put" : put === "latest" ? put : `until ${put}`;
  },
};

function wayOf(spec: JsonObject): string {
  return textOrUndefined(spec["how"]) ?? "put";
}

function writeTo(
  store: Pairs,
  { key, value }: { readonly key: unknown; readonly value: unknown },
  spec: JsonObject,
): string {
  switch (wayOf(spec)) {
    case "put":
      store.put(key, value);
      return "put";
    case "putIfAbsent":
      return shownEntry(store.putIfAbsent(key, value));
    case "delete":
      return shownEntry(store.delete(key));
    default:
      throw new ArgumentError(`unknown way to write ${JSON.stringify(spec)}`);
  }
}

function route(spec: JsonObject, given: (value: unknown) => unknown): Block {
  return {
    process(record, { forward }) {
      const child = part(given(record.value), Number(spec["part"] ?? 0));
      if (child !== null) forward(record, child);
    },
  };
}

function number(spec: JsonObject, given: (value: unknown) => unknown): Block {
  return {
    process(record, around) {
      let count = 0n;
      if (record.key !== null) {
        const store = around.store(asText(spec["store"])) as Pairs;
        count = asLong(store.get(record.key) ?? 0n) + 1n;
        store.put(record.key, count);
      }
      around.forward(record.withValue(`${show(given(record.value))}#${count}`));
    },
  };
}

function scheduleAll(
  spec: JsonObject,
  { schedule }: Surroundings,
  tick: (every: JsonObject, now: number) => void,
): readonly Disposable[] {
  return asList(spec["every"])
    .map(asObject)
    .map((every) => {
      const interval = Number(every["interval"]);
      const { start, type } = every;
      const anchored = start === undefined ? interval : { interval, startTime: Number(start) };
      return schedule(anchored, type === "stream" ? "streamTime" : "wallClockTime", (now) =>
        tick(every, now),
      );
    });
}

/** A value, or one with its timestamp. */
function shownEntry(found: unknown): string {
  if (typeof found !== "object" || found === null || !("timestamp" in found)) return show(found);
  const { value, timestamp } = found as ValueAndTimestamp<unknown>;
  return `${show(value)}@${timestamp}`;
}
