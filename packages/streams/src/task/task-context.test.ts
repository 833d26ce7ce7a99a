import { string } from "@millrace/serde";
import { windowStore } from "@millrace/state";
import { expect, it } from "vitest";

import { at, batchOf, taskOn } from "../../test-support/task-of.ts";
import { TopologyBuilder } from "../topology/topology-builder.ts";
import { Topology } from "../topology/topology.ts";

it("what a store does not keep any more counts as dropped", () => {
  const windows = windowStore({
    name: "windows",
    key: string(),
    value: string(),
    windowSize: "1m",
    retention: "1m",
  });
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
  let put = (_start: number): void => {};
  builder.addProcessor({
    name: "processor",
    parents: ["source"],
    supplier: () => ({
      init: (context) => {
        const store = context.store(windows);
        put = (start) => store.put("k", "v", start);
      },
      process: (record) => put(record.timestamp),
    }),
  });
  builder.addStore(windows, ["processor"]);
  const { task } = taskOn(new Topology(builder.contents).merged("app"));
  task.initialize();
  task.addBatch(batchOf("in", 0, [at(600_000), at(1), at(590_000)]));
  while (task.process(1) > 0);
  expect(task.droppedRecords.value).toBe(1);
});
