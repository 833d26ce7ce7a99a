import { PartitionError, type BatchReader, type ClusterAdmin } from "@millrace/cluster";
import {
  compareBytes,
  OptionError,
  type Headers,
  type Offset,
  type RecordBatchView,
  type Timestamp,
  type Windowed,
} from "@millrace/model";
import { SerdeError } from "@millrace/serde";
import { afterKey } from "@millrace/state";

import { QueryError } from "../error/query-error.ts";
import {
  changesFrom,
  requirePlaces,
  type ChangePlaces,
  type ChangesOptions,
} from "./changes-options.ts";
import { SnapshotRows } from "./snapshot-rows.ts";
import type { Question } from "./question.ts";
import { requireChangelog } from "./queryable-stores.ts";
import { changesIn, type RawChange } from "./raw-change.ts";
import { SeenChanges } from "./seen-changes.ts";
import { patiently, type StoreCodec } from "./store-codec.ts";
import type { StoreReader } from "./store-reader.ts";

const pollWaitMs = 1000;

/** What a key has from now on. */
export interface StoreChange<K, V> {
  readonly key: K;
  /** Null: the key is deleted, or was not there when it was first looked at. */
  readonly value: V | null;
  readonly timestamp: Timestamp;
  readonly headers: Headers;
  /** Of the changelog, as `offset`. */
  readonly partition: number;
  /** Undefined: it was there already when the changes began. */
  readonly offset: Offset | undefined;
}

export interface ChangeFeedParts<K, V> {
  readonly reader: StoreReader;
  readonly codec: StoreCodec<K, V>;
  /** Of the changelog: it sees what the store sees. */
  readonly openReader: () => BatchReader;
  readonly admin: Pick<ClusterAdmin, "listOffsets" | "describeTopics">;
}

/** Changes that somebody follows. */
interface OpenFeed {
  readonly changelog: BatchReader;
  /** Ends it. */
  readonly signal: AbortSignal;
}

interface Wanted {
  /** For the snapshot. */
  readonly question: Question;
  /** Undefined: those of the settings. */
  readonly partition?: number;
  /** Of keys as they are logged; windows of the snapshot have them bare, and are what the question asks for. */
  readonly isMeant: (key: Uint8Array) => boolean;
  /** Absent: with what is there. */
  readonly options?: ChangesOptions;
}

/**
 * The changes of a store: what is in it, then what its changelog is given, each change once and in the order of its
 * partition. The snapshot is of a position of the changelog, and the changelog is read on from there; so it is nothing
 * to it where the tasks run, or move. What a reader does not take waits in the cluster, not here: one that is slow falls
 * behind, and once the changelog is compacted it is not told of values that were overwritten meanwhile.
 */
export class ChangeFeed<K, V> {
  readonly #parts: ChangeFeedParts<K, V>;

  constructor(parts: ChangeFeedParts<K, V>) {
    this.#parts = parts;
  }

  all(options: ChangesOptions = {}): AsyncGenerator<StoreChange<K, V>, void, undefined> {
    return this.#keyed({ question: everyKey, isMeant: () => true, options });
  }

  async *ofKey(key: K): AsyncGenerator<StoreChange<K, V>, void, undefined> {
    const { reader, codec } = this.#parts;
    const bytes = await codec.encodeKey(key);
    const isMeant = (other: Uint8Array): boolean => compareBytes(other, bytes) === 0;
    const partition = await reader.partitionOf(bytes);
    const question: Question = { kind: "get", key: bytes };
    yield* this.#keyed({ question, partition, isMeant }, key);
  }

  async *ofRange(from: K | null, to: K | null): AsyncGenerator<StoreChange<K, V>, void, undefined> {
    const { codec, reader } = this.#parts;
    const first = from === null ? null : await codec.encodeKey(from);
    const last = to === null ? null : await codec.encodeKey(to);
    const isMeant = (key: Uint8Array): boolean =>
      (first === null || compareBytes(key, first) >= 0) &&
      (last === null || compareBytes(key, last) <= 0);
    if (first !== null && last !== null && compareBytes(first, last) > 0)
      throw new OptionError(
        "INVALID_OPTION",
        `watchRange: from is serialised behind to, so that no key of ${reader.store.specification.name} is in between, nor will be; give them in the order of their serialised form, or null for no bound`,
      );
    const end = last === null ? null : afterKey(last);
    const question: Question = { ...everyKey, from: first, to: end };
    yield* this.#keyed({ question, isMeant });
  }

  allWindows(
    options: ChangesOptions = {},
  ): AsyncGenerator<StoreChange<Windowed<K>, V>, void, undefined> {
    return this.#windowed({ question: this.#everyWindow(null), isMeant: () => true, options });
  }

  async *windowsOfKey(key: K): AsyncGenerator<StoreChange<Windowed<K>, V>, void, undefined> {
    const { reader, codec } = this.#parts;
    const bytes = await codec.encodeKey(key);
    const isMeant = (logged: Uint8Array): boolean =>
      compareBytes(this.#windowIn(logged).key, bytes) === 0;
    const partition = await reader.partitionOf(bytes);
    yield* this.#windowed({
      question: this.#everyWindow(bytes),
      partition,
      isMeant,
    });
  }

  /** @param missing told first, with null, where it is not there */
  async *#keyed(wanted: Wanted, missing?: K): AsyncGenerator<StoreChange<K, V>, void, undefined> {
    const { codec } = this.#parts;
    let isFirst = missing !== undefined;
    for await (const change of this.#follow(wanted, isFirst)) {
      if (isFirst && change === "caught up")
        yield { key: missing as K, value: null, ...nowhere, partition: wanted.partition ?? 0 }; // given where it is asked for
      isFirst = false;
      if (change === "caught up") continue;
      const told = await this.#decoded(change, () => codec.decodeKey(change.row.key));
      if (told !== undefined) yield told;
    }
  }

  async *#windowed(wanted: Wanted): AsyncGenerator<StoreChange<Windowed<K>, V>, void, undefined> {
    const { codec } = this.#parts;
    for await (const change of this.#follow(wanted, false)) {
      if (change === "caught up") continue;
      const { row } = change;
      const { key, window } =
        row.window === undefined ? this.#windowIn(row.key) : { key: row.key, window: row.window };
      const told = await this.#decoded(change, () => ({ key: codec.decodeKey(key), window }));
      if (told !== undefined) yield told;
    }
  }

  /** @returns undefined where no store has it: a record of a topic that the program reads, which cannot be read, is passed over, or ends it */
  async #decoded<Key>(
    { row: { value, timestamp, headers }, partition, offset }: RawChange,
    keyOf: () => Key,
  ): Promise<StoreChange<Key, V> | undefined> {
    const { codec, reader } = this.#parts;
    try {
      const key = await patiently(keyOf);
      const decoded =
        value === null ? null : await patiently(() => codec.decodeValue(value, headers));
      return { key, value: decoded, timestamp, headers, partition, offset };
    } catch (error) {
      const isOfTopic = reader.store.isSourceTopic && offset !== undefined;
      if (!isOfTopic || !(error instanceof SerdeError)) throw error;
      return undefined;
    }
  }

  async *#follow(
    wanted: Wanted,
    tellsCaughtUp: boolean,
  ): AsyncGenerator<RawChange | "caught up", void, undefined> {
    const { reader, openReader } = this.#parts;
    requireChangelog(reader.store);
    await reader.requirePartitions();
    using ends = reader.ends();
    const { signal } = ends;
    const feed: OpenFeed = { changelog: openReader(), signal };
    try {
      yield* this.#begin(feed, wanted);
      if (tellsCaughtUp) yield "caught up";
      const seen = new SeenChanges(reader);
      for (;;) {
        signal.throwIfAborted();
        for (const batch of await this.#poll(feed))
          for (const change of changesIn(batch, wanted.isMeant)) {
            if (!seen.has(change)) await seen.until(change, signal);
            yield change;
          }
      }
    } finally {
      await feed.changelog.close();
    }
  }

  /** Gives what is there, and sends the reader behind it. */
  async *#begin(
    feed: OpenFeed,
    { question, partition, isMeant, options = {} }: Wanted,
  ): AsyncGenerator<RawChange, void, undefined> {
    const { reader } = this.#parts;
    const from = changesFrom(options);
    if (from !== "snapshot") {
      const asked = await this.#changelogPartitions(feed);
      const after = from === "now" ? {} : from.after;
      if (from !== "now") await this.#requirePlaces(after, asked);
      await this.#assign(feed, asked, from === "now" ? "latest" : "earliest", (one) =>
        (after[one] ?? -1) === -1 ? undefined : after[one] + 1,
      );
      return;
    }
    const partitions = partition === undefined ? await reader.partitions() : [partition];
    for (const asked of partitions) {
      const snapshot = new SnapshotRows(reader, asked, question);
      for await (const row of snapshot.rows())
        if (row.window !== undefined || isMeant(row.key))
          yield { row, partition: asked, offset: undefined };
      const { changelogOffsets } = snapshot;
      const isGlobal = reader.store.subtopology === undefined;
      const all = isGlobal ? await this.#changelogPartitions(feed) : [asked];
      await this.#assign(feed, all, "earliest", (one) => changelogOffsets[one]);
    }
  }

  async #requirePlaces(after: ChangePlaces, asked: readonly number[]): Promise<void> {
    const { reader } = this.#parts;
    const { subtopology, specification } = reader.store;
    const partitionCount = subtopology === undefined ? asked.length : await reader.partitionCount();
    requirePlaces(after, { store: specification.name, asked, partitionCount });
  }

  async #changelogPartitions({ signal }: OpenFeed): Promise<readonly number[]> {
    const { reader, admin } = this.#parts;
    const { subtopology, changelogTopic } = reader.store;
    if (subtopology !== undefined) return reader.partitions();
    const topics = await admin.describeTopics([changelogTopic], signal);
    const count = topics.get(changelogTopic)?.partitionCount ?? 0;
    return Array.from({ length: count }, (_, one) => one);
  }

  async #assign(
    { changelog, signal }: OpenFeed,
    partitions: readonly number[],
    otherwise: "earliest" | "latest",
    offsetOf: (partition: number) => Offset | undefined,
  ): Promise<void> {
    const { reader, admin } = this.#parts;
    const topic = reader.store.changelogTopic;
    const places = partitions.map((partition) => ({ topic, partition }));
    const unknown = places.filter(({ partition }) => offsetOf(partition) === undefined);
    const found = await admin.listOffsets(
      unknown.map((place) => ({ ...place, at: otherwise })),
      { isolation: "read_committed", signal },
    );
    const offsets = new Map(found.map(({ partition, offset }) => [partition, offset]));
    changelog.assign(
      places.map(({ partition }) => ({
        topic,
        partition,
        offset: offsetOf(partition) ?? offsets.get(partition) ?? 0,
      })),
    );
  }

  async #poll({ changelog, signal }: OpenFeed): Promise<readonly RecordBatchView[]> {
    try {
      return await changelog.poll({ signal, waitMsMax: pollWaitMs });
    } catch (error) {
      if (!(error instanceof PartitionError)) throw error;
      throw new QueryError(
        "CHANGES_LOST",
        `the changes of ${this.#parts.reader.store.specification.name} cannot be followed further: ${error.message}. Begin anew with a snapshot.`,
        error,
      );
    }
  }

  #windowIn(logged: Uint8Array): Windowed<Uint8Array> {
    const { specification } = this.#parts.reader.store;
    const { kind } = specification;
    const window = { start: -1, end: -1 };
    return kind.windowInKey?.(specification, logged) ?? { key: logged, window };
  }

  #everyWindow(key: Uint8Array | null): Question {
    const { queriedAs } = this.#parts.reader.store.specification.kind;
    const bounds = { from: key, to: key, after: 0, until: Infinity, isReverse: false };
    return { kind: queriedAs === "session" ? "sessions" : "windows", ...bounds };
  }
}

const everyKey = { kind: "range", from: null, to: null, isReverse: false } as const;
const nowhere = { timestamp: -1, headers: [], offset: undefined };
