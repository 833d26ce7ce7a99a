import { PartitionError, type BatchReader, type ClusterAdmin } from "@millrace/cluster";
import {
  compareBytes,
  type Headers,
  type Offset,
  type RecordBatchView,
  type Timestamp,
  type Windowed,
} from "@millrace/model";

import { QueryError } from "../error/query-error.ts";
import { SnapshotRows } from "./snapshot-rows.ts";
import type { AnswerRow, Question } from "./question.ts";
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

/** Where changes begin. */
export interface ChangesOptions {
  /**
   * `snapshot`: with what is there. `now`: with what comes. Offsets by partition: behind the changes that were seen last,
   * such as by a reader that was started again. Default `snapshot`.
   */
  readonly from?: "snapshot" | "now" | { readonly after: Readonly<Record<number, Offset>> };
}

export interface ChangeFeedParts<K, V> {
  readonly reader: StoreReader;
  readonly codec: StoreCodec<K, V>;
  /** Of the changelog: it sees what the store sees. */
  readonly openReader: () => BatchReader;
  readonly admin: Pick<ClusterAdmin, "listOffsets" | "describeTopics">;
}

/** A change as bytes; the key is that of the changelog. */
interface RawChange {
  readonly row: Omit<AnswerRow, "value"> & { readonly value: Uint8Array | null };
  readonly partition: number;
  readonly offset: Offset | undefined;
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
  readonly isMeant: (key: Uint8Array) => boolean;
  readonly from: ChangesOptions["from"];
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

  all({ from }: ChangesOptions = {}): AsyncGenerator<StoreChange<K, V>, void, undefined> {
    return this.#keyed({ question: everyKey, isMeant: () => true, from });
  }

  async *ofKey(key: K): AsyncGenerator<StoreChange<K, V>, void, undefined> {
    const { reader, codec } = this.#parts;
    const bytes = await codec.encodeKey(key);
    const isMeant = (other: Uint8Array): boolean => compareBytes(other, bytes) === 0;
    const partition = await reader.partitionOf(bytes);
    const question: Question = { kind: "get", key: bytes };
    yield* this.#keyed({ question, partition, isMeant, from: "snapshot" }, key);
  }

  async *ofRange(from: K | null, to: K | null): AsyncGenerator<StoreChange<K, V>, void, undefined> {
    const { codec } = this.#parts;
    const first = from === null ? null : await codec.encodeKey(from);
    const last = to === null ? null : await codec.encodeKey(to);
    const isMeant = (key: Uint8Array): boolean =>
      (first === null || compareBytes(key, first) >= 0) &&
      (last === null || compareBytes(key, last) <= 0);
    yield* this.#keyed({ question: everyKey, isMeant, from: "snapshot" });
  }

  allWindows({ from }: ChangesOptions = {}): AsyncGenerator<
    StoreChange<Windowed<K>, V>,
    void,
    undefined
  > {
    return this.#windowed({ question: this.#everyWindow(null), isMeant: () => true, from });
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
      from: "snapshot",
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
      const key = await patiently(() => codec.decodeKey(change.row.key));
      yield { key, ...(await this.#valued(change)) };
    }
  }

  async *#windowed(wanted: Wanted): AsyncGenerator<StoreChange<Windowed<K>, V>, void, undefined> {
    const { codec } = this.#parts;
    for await (const change of this.#follow(wanted, false)) {
      if (change === "caught up") continue;
      const { row } = change;
      const { key, window } =
        row.window === undefined ? this.#windowIn(row.key) : { key: row.key, window: row.window };
      const decoded = await patiently(() => codec.decodeKey(key));
      yield { key: { key: decoded, window }, ...(await this.#valued(change)) };
    }
  }

  async #valued({
    row: { value, timestamp, headers },
    partition,
    offset,
  }: RawChange): Promise<Omit<StoreChange<K, V>, "key">> {
    const { codec } = this.#parts;
    const decoded =
      value === null ? null : await patiently(() => codec.decodeValue(value, headers));
    return { value: decoded, timestamp, headers, partition, offset };
  }

  async *#follow(
    wanted: Wanted,
    tellsCaughtUp: boolean,
  ): AsyncGenerator<RawChange | "caught up", void, undefined> {
    const { reader, openReader } = this.#parts;
    const { isLogged, specification } = reader.store;
    if (!isLogged)
      throw new QueryError(
        "STORE_NOT_LOGGED",
        `store ${specification.name} has no changelog (logging: false), so that its changes are nowhere told; give it one`,
      );
    using ends = reader.ends();
    const { signal } = ends;
    const changelog = openReader();
    const feed = { changelog, signal };
    try {
      yield* this.#begin(feed, wanted);
      if (tellsCaughtUp) yield "caught up";
      for (;;) {
        signal.throwIfAborted();
        for (const batch of await this.#poll(feed)) yield* changesIn(batch, wanted);
      }
    } finally {
      await changelog.close();
    }
  }

  /** Gives what is there, and sends the reader behind it. */
  async *#begin(
    feed: OpenFeed,
    { question, partition, isMeant, from = "snapshot" }: Wanted,
  ): AsyncGenerator<RawChange, void, undefined> {
    const { reader } = this.#parts;
    const partitions = partition === undefined ? await reader.partitions() : [partition];
    if (from !== "snapshot") {
      const all = partition === undefined ? await this.#changelogPartitions(feed) : partitions;
      const after = from === "now" ? {} : from.after;
      await this.#assign(feed, all, from === "now" ? "latest" : "earliest", (one) =>
        after[one] === undefined ? undefined : after[one] + 1,
      );
      return;
    }
    for (const asked of partitions) {
      const snapshot = new SnapshotRows(reader, asked, question);
      for await (const row of snapshot.rows())
        if (isMeant(row.key)) yield { row, partition: asked, offset: undefined };
      const { changelogOffsets } = snapshot;
      const isGlobal = reader.store.subtopology === undefined;
      const all = isGlobal ? await this.#changelogPartitions(feed) : [asked];
      await this.#assign(feed, all, "earliest", (one) => changelogOffsets[one]);
    }
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

const everyKey: Question = { kind: "range", from: null, to: null, isReverse: false };
const nowhere = { timestamp: -1, headers: [], offset: undefined };

function* changesIn(batch: RecordBatchView, { isMeant }: Wanted): Generator<RawChange> {
  const { partition } = batch;
  try {
    while (batch.next()) {
      const { key, value, timestamp, headers, offset } = batch;
      if (key === null || !isMeant(key)) continue;
      const copy = value === null ? null : value.slice();
      yield { row: { key: key.slice(), value: copy, timestamp, headers }, partition, offset };
    }
  } finally {
    batch.release();
  }
}
