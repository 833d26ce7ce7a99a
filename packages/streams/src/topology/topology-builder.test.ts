import { string } from "@millrace/serde";
import { keyValueStore, type KeyValueStore } from "@millrace/state";
import { describe, expect, it } from "vitest";

import { at, batchOf, catchError, taskOn } from "../../test-support/task-of.ts";
import { StreamsBuilder } from "../dsl/streams-builder.ts";
import type { Processor } from "../processor/processor.ts";
import { TopologyBuilder } from "./topology-builder.ts";
import { Topology } from "./topology.ts";

const seen = keyValueStore({ name: "seen", key: string(), value: string() });

/** Two processors, one behind the other, that ask for a store by what `handleOf` gives. */
function topologyOf(handles: readonly (typeof seen | string)[], log: unknown[]): TopologyBuilder {
  const builder = new TopologyBuilder();
  builder.addSource({
    name: "source",
    topics: ["in"],
    pattern: undefined,
    keySerde: string(),
    valueSerde: string(),
    timestampExtractor: undefined,
    dropsNulls: false,
    offsetReset: undefined,
  });
  handles.forEach((handle, index) => {
    const supplier = (): Processor<unknown, unknown> => {
      let store: KeyValueStore<string, string> | undefined;
      return {
        init: (context) => {
          store = context.store<KeyValueStore<string, string>>(handle);
        },
        process: () => void log.push(store?.putIfAbsent("k", `written by ${index}`)),
      };
    };
    builder.addProcessor({ name: `processor-${index}`, supplier, parents: ["source"] });
  });
  return builder;
}

describe("a store of two processors", () => {
  it("is one where they name the same specification, by its value or by its name", () => {
    const log: unknown[] = [];
    const builder = topologyOf([seen, "seen"], log);
    builder.addStore(seen, ["processor-0"]);
    builder.addStore(seen, ["processor-1"]);
    const subtopology = new Topology(builder.contents).merged("app");
    const { task } = taskOn(subtopology);
    task.initialize();
    task.addBatch(batchOf("in", 0, [at(1)]));
    task.process(1);
    expect(subtopology.stores).toEqual([seen]);
    expect(log).toEqual([null, "written by 0"]);
  });

  it("is refused where two specifications have one name", () => {
    const builder = topologyOf([seen, seen], []);
    builder.addStore(seen, ["processor-0"]);
    const other = keyValueStore({ name: "seen", key: string(), value: string() });
    expect(catchCode(() => builder.addStore(other, ["processor-1"]))).toBe("DUPLICATE_STORE");
  });

  it("is not given to a processor that is not connected to it", () => {
    const builder = topologyOf([seen, seen], []);
    builder.addStore(seen, ["processor-0"]);
    const { task } = taskOn(new Topology(builder.contents).merged("app"));
    expect(catchError(() => task.initialize())).toMatchObject({ code: "NOT_CONNECTED" });
  });
});

it("a table has one specification, however often its builder builds", () => {
  const builder = new StreamsBuilder();
  builder.table("in", { key: string(), value: string(), store: "kept" });
  const [first, second] = [builder.build(), builder.build()].map(
    (topology) => topology.merged("app").stores[0],
  );
  expect(first).toBe(second);
});

it("topic configs of a changelog are those of its kind, and over them the user's", () => {
  const logging = { "min.insync.replicas": "2", "cleanup.policy": "compact,delete" };
  const builder = topologyOf([seen], []);
  builder.addStore(keyValueStore({ name: "seen", key: string(), value: string(), logging }), [
    "processor-0",
  ]);
  expect(new Topology(builder.contents).merged("app").changelogTopics).toMatchObject([
    {
      name: "app-seen-changelog",
      configs: {
        "cleanup.policy": "compact,delete",
        "message.timestamp.type": "CreateTime",
        "min.insync.replicas": "2",
      },
    },
  ]);
});

function catchCode(body: () => unknown): unknown {
  try {
    body();
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : error;
  }
  return "nothing was thrown";
}
