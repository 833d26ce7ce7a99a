import { invariant, noHeaders, topicPartitionName } from "@millrace/model";
import {
  CacheBudget,
  MemoryEngine,
  openTaskStores,
  type EngineEntry,
  type StoreEngine,
  type TaskStores,
} from "@millrace/state";
import type { Subtopology, Topology } from "@millrace/streams";

import { wholeOf, type Everything, type RawRecord } from "../everything.ts";
import type { EngineSight, History } from "../history.ts";
import { isSameEntry } from "../processes/engine-batches.ts";
import { applicationId } from "../topics.ts";

/**
 * I10: whenever the stores of a task were opened, each held what a replay of its changelog gives, up to the offset that
 * lay beside it, entry for entry. What expires with a commit is deleted behind it: where the engine ended in between, as
 * the disk was full, all of that is there yet, and what had expired before is not.
 */
export function checkState(history: History, everything: Everything, topology: Topology): void {
  const parts = topology.subtopologies(applicationId);
  const changelogs = changelogsEver(history, everything);
  for (const sight of history.engines) {
    const [id, partition] = sight.task.split("_").map(Number);
    const part = parts.find((one) => one.id === id);
    if (part !== undefined && partition !== undefined && sight.entries.length > 0)
      checkSight(history, everything, { sight, part, partition, changelogs });
  }
}

interface OpenedPart {
  readonly sight: EngineSight;
  readonly part: Subtopology;
  readonly partition: number;
  readonly changelogs: ChangelogsEver;
}

/** All that was ever committed to a changelog, in its order: what stands, and what compaction has taken. */
type ChangelogsEver = (topic: string, partition: number) => readonly RawRecord[];

function changelogsEver(history: History, everything: Everything): ChangelogsEver {
  const known = new Map<string, readonly RawRecord[]>();
  return (topic, partition) => {
    const name = topicPartitionName(topic, partition);
    const found = known.get(name);
    if (found !== undefined) return found;
    const all = new Map(history.kept(name));
    for (const record of wholeOf(everything, topic, partition).raw) all.set(record.offset, record);
    const records = [...all.values()].sort((left, right) => left.offset - right.offset);
    known.set(name, records);
    return records;
  };
}

function checkSight(history: History, everything: Everything, opened: OpenedPart): void {
  const { sight, part, partition } = opened;
  const { process, task, atMs } = sight;
  const held = engineOf(sight.entries);
  const offsets = offsetsOf(held, opened);
  for (const { name, store } of part.changelogTopics) {
    const { end } = wholeOf(everything, name, partition);
    const offset = offsets.get(store) ?? 0;
    if (offset > end)
      history.violate(
        "I10",
        `${process} ${task} was opened at offset ${offset} of ${name}, which ends at ${end}`,
      );
  }
  const [dropped, kept] = [false, true].map((areDropsLost) =>
    entriesByStore(replayed(opened, { offsets, areDropsLost })),
  );
  const own = entriesByStore(held);
  for (const store of new Set([...own.keys(), ...dropped.keys()])) {
    const entries = own.get(store) ?? [];
    const difference = differenceOf(entries, dropped.get(store) ?? []);
    if (difference === undefined) continue;
    if (differenceOf(entries, kept.get(store) ?? []) === undefined) continue;
    history.violate(
      "I10",
      `${process} ${task}, opened at ${atMs.toFixed(0)} ms at offsets ${JSON.stringify([...offsets])}: ${difference}`,
    );
  }
}

type Offsets = ReadonlyMap<string, number>;

/** What a replay of the changelogs gives, with or without the deletion of what expired after the last one that is certain. */
function replayed(
  opened: OpenedPart,
  { offsets, areDropsLost }: { readonly offsets: Offsets; readonly areDropsLost: boolean },
): StoreEngine {
  const { sight, part, partition, changelogs } = opened;
  const engine = new ReplayEngine();
  const stores = openStores(sight.task, part, engine);
  const restore = (from: Offsets, to: Offsets): void => {
    for (const { name, store } of part.changelogTopics)
      for (const { key, ...record } of changelogs(name, partition))
        if (record.offset >= (from.get(store) ?? 0) && record.offset < (to.get(store) ?? 0))
          stores.restore(store, key, record);
    stores.commit(to);
  };
  const sinceDrop = offsetsOf(engineOf(sight.selfAtLastDrop), opened);
  const certain = new Map<string, number>();
  // A store that was emptied meanwhile has begun anew.
  for (const [store, offset] of offsets)
    certain.set(store, Math.min(offset, sinceDrop.get(store) ?? 0));
  restore(new Map(), certain);
  engine.areDropsLost = areDropsLost;
  restore(certain, offsets);
  return engine;
}

class ReplayEngine extends MemoryEngine {
  areDropsLost = false;

  override deleteRange(from: Uint8Array, to: Uint8Array): void {
    if (!this.areDropsLost) super.deleteRange(from, to);
  }
}

function engineOf(entries: readonly EngineEntry[]): StoreEngine {
  const engine = new MemoryEngine();
  engine.write(entries);
  return engine;
}

/** Up to where the engine says that it holds the changelogs. */
function offsetsOf(engine: StoreEngine, { sight, part }: OpenedPart): Offsets {
  const stores = openStores(sight.task, part, engine);
  const offsets = new Map<string, number>();
  for (const { store } of part.changelogTopics) {
    const offset = stores.committedOffset(store) ?? 0;
    if (offset > 0) offsets.set(store, offset);
  }
  return offsets;
}

/** All but what the engine knows about itself, which begins with 0; stores have two bytes before their keys. */
function entriesByStore(engine: StoreEngine): ReadonlyMap<number, readonly EngineEntry[]> {
  const entries: EngineEntry[] = [];
  using cursor = engine.scan({ from: Uint8Array.of(0, 1) });
  while (cursor.next()) entries.push({ key: cursor.key, value: cursor.value });
  return Map.groupBy(entries, ({ key }) => key[0] * 256 + key[1]);
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
