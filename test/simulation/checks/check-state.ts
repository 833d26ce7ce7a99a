import { invariant, noHeaders } from "@millrace/model";
import {
  CacheBudget,
  MemoryEngine,
  openTaskStores,
  type EngineEntry,
  type TaskStores,
  type UpdatableKeyValueStore,
} from "@millrace/state";

import type { EngineSight, History, SeenRecord } from "../history.ts";
import { applicationId, changelogTopic, storeName, wordCountTopology } from "../topology.ts";
import { countWords, recordsOf, wholeOf, type Everything } from "./check-history.ts";
import { repartitionTopic } from "../topology.ts";

const subtopology = wordCountTopology()
  .subtopologies(applicationId)
  .find(({ stores }) => stores.some(({ name }) => name === storeName));

/**
 * I10: whenever a store was opened it held the fold of its changelog up to the offset that lay beside it;
 * and the fold of the whole changelog is the fold of the input.
 */
export function checkState(history: History, everything: Everything): void {
  for (const sight of history.engines) checkSight(history, everything, sight);
  const folded = new Map<string, string>();
  for (const { key, value } of recordsOf(everything, changelogTopic)) folded.set(key, value);
  for (const [word, count] of countWords(recordsOf(everything, repartitionTopic)))
    if (folded.get(word) !== String(count))
      history.violate(
        "I10",
        `the changelog says ${word} ${folded.get(word)} times, the input ${count}`,
      );
}

function checkSight(history: History, everything: Everything, sight: EngineSight): void {
  const { task, entries, process, atMs } = sight;
  const [subtopologyId, partition] = task.split("_").map(Number);
  if (subtopologyId !== subtopology?.id || entries.length === 0) return;
  const changelog = wholeOf(everything, changelogTopic, partition);
  const stores = storesOf(task, entries);
  const offset = stores.committedOffset(storeName) ?? 0;
  const where = `${process} ${task}, opened at ${atMs.toFixed(0)} ms at offset ${offset}`;
  if (offset > changelog.end)
    history.violate("I10", `${where}: the changelog ends at ${changelog.end}`);
  const expected = foldOf(changelog.records.filter((record) => record.offset < offset));
  const held = contentOf(stores);
  for (const word of new Set([...expected.keys(), ...held.keys()]))
    if (expected.get(word) !== held.get(word))
      history.violate(
        "I10",
        `${where}: ${word} is ${held.get(word)}, its changelog says ${expected.get(word)}`,
      );
}

function foldOf(records: readonly SeenRecord[]): ReadonlyMap<string, string> {
  return new Map(records.map(({ key, value, timestamp }) => [key, `${value} (${timestamp})`]));
}

function contentOf(stores: TaskStores): ReadonlyMap<string, string> {
  const content = new Map<string, string>();
  using cursor = stores.store<UpdatableKeyValueStore<string, number>>(storeName).all();
  for (const { key, value } of cursor) content.set(key, `${value.value} (${value.timestamp})`);
  return content;
}

function storesOf(taskId: string, entries: readonly EngineEntry[]): TaskStores {
  invariant(subtopology !== undefined, "SIMULATION-1");
  const engine = new MemoryEngine();
  engine.write(entries);
  return openTaskStores({
    engine,
    stores: subtopology.stores.map((specification) => ({
      specification,
      caching: false,
      changelogTopic,
      changelog: null,
    })),
    recordContext: { topic: null, partition: -1, offset: -1, timestamp: -1, headers: noHeaders },
    cache: new CacheBudget(0),
    taskId,
  });
}
