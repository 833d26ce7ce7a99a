import { encodeUtf8, noHeaders, toHex, type Headers } from "@millrace/model";
import { string } from "@millrace/serde";
import { describe, expect, it } from "vitest";

import type { RecordInput } from "../../contract/record-context.ts";
import { CacheBudget } from "../../contract/cache-budget.ts";
import { MemoryEngine } from "../../memory/memory-engine.ts";
import { openTaskStores } from "../../stores/open-task-stores.ts";
import { suppressionBuffer } from "./suppression-kind.ts";

interface Logged {
  readonly key: Uint8Array;
  readonly value: Uint8Array | null;
  readonly headers: Headers;
}

const specification = suppressionBuffer({ name: "waiting", key: string(), value: string() });

/** Two tasks' worth of stores: the second is restored from what the first has logged. */
function openBuffer(logged: Logged[] = []) {
  const context = {
    topic: "L",
    partition: 0,
    offset: 7,
    timestamp: 0,
    headers: noHeaders,
    input: undefined as RecordInput | undefined,
  };
  const stores = openTaskStores({
    engine: new MemoryEngine(),
    recordContext: context,
    cache: new CacheBudget(0),
    taskId: "0_0",
    stores: [
      {
        specification,
        changelogTopic: "app-waiting-changelog",
        changelog: {
          append: (_timestamp, key, value, headers) =>
            void logged.push({ key: key ?? new Uint8Array(0), value, headers }),
        },
      },
    ],
  });
  const buffer = stores.store(specification);
  const put = (time: number, key: string, newValue: string | null, oldValue: string | null) => {
    context.timestamp = time;
    buffer.put(time, key, { newValue, oldValue });
  };
  const evict = (until: number): string[] => {
    const out: string[] = [];
    buffer.evictWhile(
      () => buffer.timeMin <= until,
      ({ key, newValue, oldValue, context: { timestamp } }) =>
        out.push(`${key}=${newValue}<-${oldValue}@${timestamp}`),
    );
    return out;
  };
  return { stores, context, buffer, put, evict, logged };
}

describe("STATE-15: a buffer gives out by time, then key, the last change of each key", () => {
  it("a key keeps its first place, and what it had before it came in", () => {
    const { buffer, put, evict } = openBuffer();
    put(5, "b", "1", "before");
    put(5, "a", "1", null);
    put(4, "c", "1", null);
    put(9, "b", "2", "1");
    expect(buffer.valueBefore("b")).toBe("before");
    expect(buffer.valueBefore("a")).toBeNull();
    expect(buffer.valueBefore("z")).toBeUndefined();
    expect(buffer.entryCount).toBe(3);
    expect(evict(4)).toEqual(["c=1<-null@4"]);
    expect(evict(9)).toEqual(["a=1<-null@5", "b=2<-1@9"]);
    expect([buffer.entryCount, buffer.sizeBytes, buffer.timeMin]).toEqual([0, 0, Infinity]);
  });

  it("logs when it is flushed, once a key, in Kafka's version 3", () => {
    const { stores, put, evict, logged } = openBuffer();
    put(5, "a", "1", null);
    put(6, "a", "2", "1");
    put(3, "b", "1", null);
    expect(evict(3)).toHaveLength(1);
    expect(logged).toEqual([]);
    stores.flush();
    expect(logged.map(({ key, value }) => [toHex(key), value && toHex(value)])).toEqual([
      [
        "61",
        "00000000000000060000000000000007000000014c0000000000000000ffffffff000000013100000001320000000000000005",
      ],
      ["62", null],
    ]);
    expect(logged[0].headers).toEqual([["v", Uint8Array.of(3)]]);
    expect(logged[1].headers).toEqual([]);
  });

  it("is restored from its changelog, with all that it knows", () => {
    const first = openBuffer();
    first.put(5, "a", "1", "before");
    first.put(6, "a", "2", "1");
    first.put(3, "b", "x".repeat(300), null);
    first.stores.flush();
    const second = openBuffer();
    for (const { key, value, headers } of first.logged)
      second.stores.restore("waiting", key, { value, headers, timestamp: 1 });
    expect(second.buffer.sizeBytes).toBe(first.buffer.sizeBytes);
    expect(second.buffer.valueBefore("a")).toBe("before");
    expect(second.evict(9)).toEqual(first.evict(9));
  });

  it("a change has the bytes of its input, as long as it was not restored", () => {
    const { stores, context, buffer, logged } = openBuffer();
    const input = { key: null, value: Uint8Array.of(1), kept: () => input };
    context.input = input;
    buffer.put(5, "a", { newValue: "1", oldValue: null });
    context.input = undefined;
    stores.flush();
    const inputsOf = (from: typeof buffer): unknown[] => {
      const out: unknown[] = [];
      from.evictWhile(
        () => true,
        (change) => out.push(change.context.input),
      );
      return out;
    };
    expect(inputsOf(buffer)).toEqual([input]);
    const again = openBuffer();
    for (const { key, value, headers } of logged)
      again.stores.restore("waiting", key, { value, headers, timestamp: 1 });
    expect(inputsOf(again.buffer)).toEqual([undefined]);
  });

  it("an abort gives back what was committed", () => {
    const { stores, buffer, put, evict } = openBuffer();
    put(5, "a", "1", null);
    stores.flush();
    stores.commit(new Map());
    put(6, "b", "1", null);
    expect(evict(5)).toEqual(["a=1<-null@5"]);
    stores.abort();
    expect(buffer.entryCount).toBe(1);
    expect(evict(9)).toEqual(["a=1<-null@5"]);
  });

  it("a changelog of another version is refused", () => {
    const { stores } = openBuffer();
    const record = { value: encodeUtf8("old"), timestamp: 1, headers: noHeaders };
    expect(() => stores.restore("waiting", encodeUtf8("a"), record)).toThrow(
      expect.objectContaining({ code: "UNKNOWN_BUFFER_FORMAT" }),
    );
  });
});
