import { compareBytes, invariant, noHeaders } from "@millrace/model";
import {
  CacheBudget,
  MemoryEngine,
  openTaskStores,
  type EngineEntry,
  type StoreEngine,
  type TaskStores,
} from "@millrace/state";
import type { Subtopology, Topology } from "@millrace/streams";

import { wholeOf, type Everything } from "../everything.ts";
import type { EngineSight, History } from "../history.ts";
import { applicationId } from "../topics.ts";

/**
 * I10: whenever the stores of a task were opened, each held what a replay of its changelog gives, up to the offset that
 * lay beside it, entry for entry.
 */
export function checkState(history: History, everything: Everything, topology: Topology): void {
  const parts = topology.subtopologies(applicationId);
  for (const sight of history.engines) {
    const [id, partition] = sight.task.split("_").map(Number);
    const part = parts.find((one) => one.id === id);
    if (part !== undefined && partition !== undefined && sight.entries.length > 0)
      checkSight(history, everything, { sight, part, partition });
  }
}

interface OpenedPart {
  readonly sight: EngineSight;
  readonly part: Subtopology;
  readonly partition: number;
}

function checkSight(
  history: History,
  everything: Everything,
  { sight, part, partition }: OpenedPart,
): void {
  const { entries, task, process, atMs } = sight;
  const held = new MemoryEngine();
  held.write(entries);
  const replayed = new MemoryEngine();
  const opened = openStores(task, part, held);
  const stores = openStores(task, part, replayed);
  const offsets = new Map<string, number>();
  for (const { name, store } of part.changelogTopics) {
    const offset = opened.committedOffset(store) ?? 0;
    const changelog = wholeOf(everything, name, partition);
    if (offset > changelog.end)
      history.violate(
        "I10",
        `${process} ${task} was opened at offset ${offset} of ${name}, which ends at ${changelog.end}`,
      );
    for (const { key, ...record } of changelog.raw)
      if (record.offset < offset) stores.restore(store, key, record);
    if (offset > 0) offsets.set(store, offset);
  }
  stores.commit(offsets);
  const difference = differenceOf(entriesOf(held), entriesOf(replayed));
  if (difference !== undefined)
    history.violate(
      "I10",
      `${process} ${task}, opened at ${atMs.toFixed(0)} ms at offsets ${JSON.stringify([...offsets])}: ${difference}`,
    );
}

/** All but what the engine knows about itself, which begins with 0. */
function entriesOf(engine: StoreEngine): readonly EngineEntry[] {
  const entries: EngineEntry[] = [];
  using cursor = engine.scan({ from: Uint8Array.of(0, 1) });
  while (cursor.next()) entries.push({ key: cursor.key, value: cursor.value });
  return entries;
}

function differenceOf(
  held: readonly EngineEntry[],
  replayed: readonly EngineEntry[],
): string | undefined {
  for (let index = 0; index < Math.max(held.length, replayed.length); index++) {
    const [own, other] = [held[index], replayed[index]];
    if (own === undefined || other === undefined || !isSameEntry(own, other))
      return `it holds ${textOf(own)} where its changelog says ${textOf(other)}`;
  }
  return undefined;
}

function isSameEntry(own: EngineEntry, other: EngineEntry): boolean {
  if (compareBytes(own.key, other.key) !== 0) return false;
  return own.value === null || other.value === null
    ? own.value === other.value
    : compareBytes(own.value, other.value) === 0;
}

function textOf(entry: EngineEntry | undefined): string {
  if (entry === undefined) return "nothing";
  const value = entry.value === null ? "null" : readable(entry.value);
  return `${readable(entry.key)} = ${value}`;
}

function readable(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) =>
    byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : `\\${byte.toString(16)}`,
  ).join("");
}

function openStores(taskId: string, part: Subtopology, engine: StoreEngine): TaskStores {
  const topics = new Map(part.changelogTopics.map(({ store, name }) => [store, name]));
  invariant(topics.size <= part.stores.length, "SIMULATION-1");
  return openTaskStores({
    engine,
    stores: part.stores.map((specification) => ({
      specification,
      caching: false,
      changelogTopic: topics.get(specification.name) ?? specification.name,
      changelog: null,
    })),
    recordContext: { topic: null, partition: -1, offset: -1, timestamp: -1, headers: noHeaders },
    cache: new CacheBudget(0),
    taskId,
  });
}
