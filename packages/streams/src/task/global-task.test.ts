import { MetricRegistry, silentLogger } from "@millrace/platform";
import { int64AsNumber, SerdePendingError, string, type Serde } from "@millrace/serde";
import {
  CacheBudget,
  keyValueStore,
  MemoryEngine,
  type KeyValueStore,
  type StoreEngine,
  type TimestampedKeyValueStore,
} from "@millrace/state";
import { describe, expect, test, vi } from "vitest";

import { at, batchOf } from "../../test-support/task-of.ts";
import { StreamsBuilder } from "../dsl/streams-builder.ts";
import type { Processor, ProcessorContext } from "../processor/processor.ts";
import { Topology } from "../topology/topology.ts";
import { GlobalTask } from "./global-task.ts";
import type { GlobalTaskOptions } from "./global-task-options.ts";

const text = { key: string(), value: string() };
const seen = keyValueStore({ name: "seen", key: string(), value: int64AsNumber() });

function taskOf(
  topology: Topology,
  engine: StoreEngine = new MemoryEngine(),
  options: Partial<GlobalTaskOptions> = {},
): GlobalTask {
  const task = new GlobalTask({
    globalStores: topology.globalStores,
    engine,
    cache: new CacheBudget(1000),
    clock: { wallMs: () => 0, monotonicMs: () => 0 },
    timers: { after: () => ({ cancel: () => {} }) },
    metrics: new MetricRegistry(),
    logger: silentLogger,
    config: { applicationId: "app" },
    ...options,
  });
  task.initialize();
  return task;
}

/** An engine that outlives its task. */
function keptEngine(): StoreEngine {
  const engine = new MemoryEngine();
  return {
    isPersistent: true,
    get: (key) => engine.get(key),
    pin: () => engine.pin(),
    scan: (range) => engine.scan(range),
    write: (entries) => engine.write(entries),
    deleteRange: (from, to) => engine.deleteRange(from, to),
    close: async () => {},
  };
}

function products(): Topology {
  const builder = new StreamsBuilder();
  builder.globalTable("products", { ...text, store: "products" });
  return builder.build();
}

const valueIn = (task: GlobalTask, key: string): string | undefined =>
  task.store<TimestampedKeyValueStore<string, string>>("products").get(key)?.value;

describe("a global task", () => {
  test("holds a topic's last values, whatever their times, and goes on where it was committed", async () => {
    const engine = keptEngine();
    const first = taskOf(products(), engine);
    expect(first.begin("products", "id-1").size).toBe(0);
    first.addBatch(batchOf("products", 0, [at(9, "new"), at(1, "old")]));
    expect(first.process()).toBe(true);
    expect(first.needsCommit).toBe(true);
    first.commit();
    expect(first.needsCommit).toBe(false);
    first.addBatch(batchOf("products", 2, [at(10, "lost")]));
    first.process();
    expect(valueIn(first, "k")).toBe("lost");
    await first.close();
    const second = taskOf(products(), engine);
    expect(second.begin("products", "id-1")).toEqual(new Map([[0, 3]])); // a control record stands behind them;
    expect(valueIn(second, "k")).toBe("old");
    await second.close();
  });

  test("begins anew with another topic of the same name, and where its store is told to", async () => {
    const engine = keptEngine();
    const first = taskOf(products(), engine);
    first.begin("products", "id-1");
    first.addBatch(batchOf("products", 0, [at(1, "a")]));
    first.process();
    first.commit();
    first.restart("products");
    expect(valueIn(first, "k")).toBeUndefined();
    first.addBatch(batchOf("products", 0, [at(1, "a")]));
    first.process();
    first.commit();
    await first.close();
    const second = taskOf(products(), engine);
    expect(second.begin("products", "id-2").size).toBe(0);
    expect(valueIn(second, "k")).toBeUndefined();
    await second.close();
  });

  test("gives way once its stage is full, and loses nothing by it", async () => {
    const task = taskOf(products(), keptEngine(), {
      stageBytesMax: 1,
      cache: new CacheBudget(0),
    });
    task.begin("products", undefined);
    task.addBatch(batchOf("products", 0, [at(1, "a"), at(2, "b")]));
    expect([task.process(), task.isStageFull]).toEqual([false, true]);
    task.commit();
    expect([task.process(), valueIn(task, "k")]).toEqual([false, "b"]);
    await task.close();
  });

  test("TASK-9: passes over what fails without a dead letter, and counts it", async () => {
    const builder = new StreamsBuilder();
    builder.addGlobalStore(seen, "seen", {
      ...text,
      process: ({ key, value }, { store, metadata }) => {
        if (value === "bad") throw new Error("bad");
        store.put(key, metadata?.offset ?? -1);
      },
    });
    const task = taskOf(builder.build(), undefined, {
      config: { applicationId: "app", onProcessingError: "continue", deadLetterTopic: "letters" },
    });
    task.addBatch(batchOf("seen", 0, [at(1, "good"), at(2, "bad"), at(3, "good")]));
    task.process();
    expect(task.droppedRecords.value).toBe(1);
    expect(task.store<KeyValueStore<string, number>>(seen).get("k")).toBe(2);
    await task.close();
  });

  test("holds a record whose store cannot write it yet, and forgets it with its topic", async () => {
    const ready = new Set<string>();
    const value: Serde<string> = {
      ...string(),
      serialize: (given) => {
        if (ready.has(given)) return string().serialize(given, "");
        throw new SerdePendingError(given, Promise.resolve());
      },
    };
    const kept = keyValueStore({ name: "kept", key: string(), value });
    const builder = new StreamsBuilder();
    builder.addGlobalStore(kept, "products", {
      ...text,
      process: ({ key, value: given }, { store }) => store.put(key, given),
    });
    const task = taskOf(builder.build());
    task.begin("products", "id-1");
    task.addBatch(batchOf("products", 0, [at(1, "a")]));
    task.process();
    expect(task.isHeld).toBe(true);
    ready.add("a");
    await expect.poll(() => task.process() && task.isHeld).toBe(false);
    expect(task.store<KeyValueStore<string, string>>("kept").get("k")).toBe("a");
    task.addBatch(batchOf("products", 2, [at(2, "b")]));
    task.process();
    expect(task.isHeld).toBe(true);
    task.restart("products");
    expect(task.isHeld).toBe(false);
    await task.close();
  });

  test("ends for what fails by default, and names the node", async () => {
    const builder = new StreamsBuilder();
    builder.addGlobalStore(seen, "seen", {
      ...text,
      name: "feeder",
      process() {
        throw new Error("bad");
      },
    });
    const task = taskOf(builder.build());
    task.addBatch(batchOf("seen", 0, [at(1, "any")]));
    expect(() => task.process()).toThrow(
      expect.objectContaining({ code: "PROCESSING_FAILED", node: "feeder", topic: "seen" }),
    );
    await task.close();
  });

  test("has no timers", async () => {
    class Timed implements Processor {
      init(context: ProcessorContext): void {
        context.schedule("1m", "wallClockTime", () => {});
      }
      process(): void {}
    }
    const topology = new Topology().addGlobalStore(seen, "seen", { supplier: () => new Timed() });
    expect(() => taskOf(topology)).toThrow(expect.objectContaining({ code: "TIMER_UNSUPPORTED" }));
  });

  test("closes every processor in a turn of its own, and the stores whatever one throws", async () => {
    const closed: string[] = [];
    const closing = (name: string, failure?: Error) => {
      class Closing implements Processor {
        #store!: KeyValueStore<string, number>;
        init(context: ProcessorContext): void {
          this.#store = context.store(name);
        }
        process(): void {}
        close(): void {
          this.#store.put("k", 1);
          closed.push(name);
          if (failure !== undefined) throw failure;
        }
      }
      return { supplier: () => new Closing() };
    };
    const other = keyValueStore({ name: "other", key: string(), value: int64AsNumber() });
    const failure = new Error("bad");
    const topology = new Topology()
      .addGlobalStore(seen, "seen", closing("seen", failure))
      .addGlobalStore(other, "other", closing("other", new Error("worse")));
    const engine = new MemoryEngine();
    const closes = vi.spyOn(engine, "close");
    const task = taskOf(topology, engine);
    await expect(task.close()).rejects.toMatchObject({
      code: "PROCESSING_FAILED",
      message: expect.stringContaining("a processor could not be closed: bad"),
      node: topology.globalStores[0].processor.name,
      cause: failure,
    });
    expect([closed, closes.mock.calls.length]).toEqual([["seen", "other"], 1]);
    await task.close();
    expect(closed).toHaveLength(2);
  });

  test("tells which processor could not be started", () => {
    const cause = new Error("bad");
    const topology = new Topology().addGlobalStore(seen, "seen", {
      supplier: () => ({
        init: () => {
          throw cause;
        },
        process: () => {},
      }),
    });
    const node = topology.globalStores[0].processor.name;
    expect(() => taskOf(topology)).toThrow(
      expect.objectContaining({ code: "PROCESSING_FAILED", node, cause }),
    );
  });
});
