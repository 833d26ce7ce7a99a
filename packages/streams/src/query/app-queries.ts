import type { BatchReader, ClusterAdmin } from "@millrace/cluster";
import { OptionError, shown } from "@millrace/model";
import type { Platform } from "@millrace/platform";

import { QueryError } from "../error/query-error.ts";
import { readsTopic } from "../topology/reads-topic.ts";
import { AnsweringTurns } from "./answering-turns.ts";
import { ChangeFeed } from "./change-feed.ts";
import type { PartitionAnswers } from "./local-answers.ts";
import type { PartitionAsker } from "./partition-asker.ts";
import { PartitionCounts } from "./partition-counts.ts";
import { querySettings, type QueryOptions } from "./query-options.ts";
import type { QueryableStore, QueryableStores } from "./queryable-stores.ts";
import type { AnyQueries, QueryHandle } from "./queries-of.ts";
import { StoreCodec } from "./store-codec.ts";
import type { Owner, TaskOwners } from "./task-owners.ts";
import { KeyValueQueries } from "./key-value-queries.ts";
import { SessionQueries } from "./session-queries.ts";
import { VersionedQueries } from "./versioned-queries.ts";
import { WindowQueries } from "./window-queries.ts";
import type { QueriesParts } from "./store-queries.ts";
import { StoreReader } from "./store-reader.ts";

export interface AppQueriesParts {
  readonly stores: QueryableStores;
  readonly local: PartitionAnswers;
  readonly owners: TaskOwners;
  readonly asker: PartitionAsker;
  readonly admin: Pick<ClusterAdmin, "listOffsets" | "describeTopics">;
  readonly openReader: (isolation: "read_committed" | "read_uncommitted") => BatchReader;
  readonly isExactlyOnce: boolean;
  readonly platform: Pick<Platform, "clock" | "timers">;
  readonly metadataAgeMsMax: number;
  readonly closing: AbortSignal;
}

/** Where a key is (Kafka: `KeyQueryMetadata`). */
export interface KeyOwners {
  readonly partition: number;
  /** True: this process has it. */
  readonly isHere: boolean;
  /** Instances with an address that have it, the active one first; this one among them. */
  readonly instances: readonly Owner[];
}

/** The stores of an application, to be asked. */
export class AppQueries {
  readonly #parts: AppQueriesParts;
  readonly #counts: PartitionCounts;
  readonly #turns: AnsweringTurns;

  constructor(parts: AppQueriesParts) {
    this.#parts = parts;
    this.#counts = new PartitionCounts({ ...parts, clock: parts.platform.clock });
    this.#turns = new AnsweringTurns(parts.platform);
  }

  /** @throws QueryError `UNKNOWN_STORE`, `WRONG_QUERY`; OptionError */
  open(handle: QueryHandle, options: QueryOptions = {}): AnyQueries {
    const store = this.#parts.stores.find(nameOf(handle));
    const { specification } = store;
    const queries = this.#queries(specification.name, options);
    switch (specification.kind.queriedAs) {
      case "keyValue":
        return new KeyValueQueries(queries);
      case "window":
        return new WindowQueries(queries);
      case "session":
        return new SessionQueries(queries);
      case "versioned":
        return new VersionedQueries(queries);
      case undefined:
        throw new QueryError(
          "WRONG_QUERY",
          `store ${specification.name} is an operator's own, a ${specification.kind.name}; ask a table's, or one that a processor keeps`,
        );
    }
  }

  /** Where a key of a store is, as far as known: see `StreamsApp.keyOwners`. */
  async ownersOf(handle: QueryHandle, key: unknown, options: QueryOptions): Promise<KeyOwners> {
    const store = this.#parts.stores.find(nameOf(handle));
    const { reader, codec } = this.#queries(store.specification.name, options);
    const partition = await reader.partitionOf(await codec.encodeKey(key));
    const here = this.#parts.local.has(store, partition);
    return {
      partition,
      isHere: here === "active",
      instances: this.#parts.owners.of(store, partition),
    };
  }

  #queries(name: string, options: QueryOptions): QueriesParts<unknown, unknown> {
    const { stores, asker, admin, closing, openReader, isExactlyOnce, platform } = this.#parts;
    const store = stores.find(name);
    const settings = querySettings(options);
    if (store.subtopology === undefined && settings.partitions !== undefined)
      throw new OptionError(
        "INVALID_OPTION",
        `app.store: partitions is given, and ${name} is a global store, which every process has whole; leave it out`,
      );
    requireInputs(store, Object.keys(settings.positionAtLeast ?? {}));
    const reader = new StoreReader(
      {
        store,
        asker,
        closing,
        partitionCount: (signal, atLeast) => this.#counts.of(store, signal, atLeast),
        knownPartitionCount: () => this.#counts.known(store),
        platform,
        turns: this.#turns,
      },
      settings,
    );
    const codec = new StoreCodec<unknown, unknown>(store);
    // What a topic is read as by the program, that is what its store holds.
    const isolation = isExactlyOnce || !store.isSourceTopic ? "read_committed" : "read_uncommitted";
    const feed = new ChangeFeed({ reader, codec, admin, openReader: () => openReader(isolation) });
    const again = (others: QueryOptions): QueriesParts<unknown, unknown> =>
      this.#queries(name, { ...options, ...others });
    return { reader, codec, feed, again };
  }
}

/** How far a store has come in another topic than those that it is made of nobody knows. */
function requireInputs(
  { specification, subtopology, changelogTopic }: QueryableStore,
  topics: readonly string[],
): void {
  const read = subtopology ?? { sourceTopics: [changelogTopic], sourcePatterns: [] };
  const others = topics.filter((topic) => !readsTopic(read, topic));
  if (others.length === 0) return;
  const inputs = [...read.sourceTopics, ...read.sourcePatterns.map(String)].join(", ");
  throw new OptionError(
    "INVALID_OPTION",
    `app.store: positionAtLeast names ${others.join(", ")}, of which store ${specification.name} knows nothing: it is made of what is read from ${inputs}`,
  );
}

function nameOf(handle: QueryHandle): string {
  if (typeof handle === "string") return handle;
  if (typeof handle === "object" && handle !== null) {
    const name = "storeName" in handle ? handle.storeName : handle.name;
    if (typeof name === "string") return name;
    if ("storeName" in handle)
      throw new QueryError(
        "UNKNOWN_STORE",
        'the table has no store of a name that could be asked; give it one: { store: "…" }',
      );
  }
  throw new QueryError(
    "UNKNOWN_STORE",
    `app.store was given ${shown(handle)}; give a table, a specification or the name of a store`,
  );
}
