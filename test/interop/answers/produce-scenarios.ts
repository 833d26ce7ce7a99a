import { produceApi } from "@millrace/protocol/definitions";

import { batchOf, type Asking, type Scenario } from "./asking.ts";

/** What is wrong with a batch itself is asked about in `hand-made-batches.test.ts`; here with where it goes. */
async function places(asking: Asking): Promise<void> {
  const { id } = await asking.topic("places", { partitions: 2 });
  const records = batchOf();
  const other = await asking.topic("other-place");
  const ask = (label: string, version: number, topicData: readonly object[], acks = -1) =>
    asking.ask(label, produceApi, version, {
      acks,
      timeoutMs: 1000,
      topicData: topicData as never, // fields of several versions, some on purpose wrong
    });
  const at = (index: number, bytes: Uint8Array | null = records) => ({ index, records: bytes });
  await ask("no topics", 12, []);
  await ask("no partitions", 12, [{ name: "places", partitionData: [] }]);
  await ask("unknown topic", 12, [{ name: "nowhere", partitionData: [at(0)] }]);
  await ask("unknown partitions", 12, [{ name: "places", partitionData: [at(2), at(-1)] }]);
  await ask("empty name", 12, [{ name: "", partitionData: [at(0)] }]);
  await ask("a name that is not allowed", 12, [{ name: "a b", partitionData: [at(0)] }]);
  await ask("one partition twice", 12, [{ name: "places", partitionData: [at(0), at(0)] }]);
  await ask("one topic twice", 12, [
    { name: "places", partitionData: [at(0)] },
    { name: "places", partitionData: [at(1)] },
  ]);
  await ask("empty records", 12, [{ name: "places", partitionData: [at(0, new Uint8Array(0))] }]);
  await ask("two batches", 12, [
    { name: "places", partitionData: [at(0, Buffer.concat([records, records]))] },
  ]);
  await ask("a batch cut short", 12, [
    { name: "places", partitionData: [at(0, records.subarray(0, 65))] },
  ]);
  await ask("a header cut short", 12, [
    { name: "places", partitionData: [at(0, records.subarray(0, 30))] },
  ]);
  await ask("acks 2", 12, [{ name: "places", partitionData: [at(0)] }], 2);
  await ask("acks -2", 12, [{ name: "places", partitionData: [at(0)] }], -2);
  await ask("by id", 13, [{ topicId: id, partitionData: [at(0)] }]);
  await ask("by an unknown id", 13, [
    { topicId: "AAAAAAAAAAAAAAAAAAAAEQ", partitionData: [at(0)] },
  ]);
  await ask("by the zero id", 13, [{ topicId: "AAAAAAAAAAAAAAAAAAAAAA", partitionData: [at(0)] }]);
  await ask("two ids, one unknown", 13, [
    { topicId: other.id, partitionData: [at(0), at(1)] },
    { topicId: "AAAAAAAAAAAAAAAAAAAAEQ", partitionData: [at(0)] },
  ]);
}

export const produceScenarios: readonly Scenario[] = [
  { name: "produce: topics and partitions", run: places },
];
