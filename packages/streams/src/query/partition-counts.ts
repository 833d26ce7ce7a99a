import type { ClusterAdmin } from "@millrace/cluster";
import type { Clock } from "@millrace/platform";

import { QueryError } from "../error/query-error.ts";
import type { QueryableStore } from "./queryable-stores.ts";

export interface PartitionCountsParts {
  readonly admin: Pick<ClusterAdmin, "describeTopics">;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly metadataAgeMsMax: number;
  readonly closing: AbortSignal;
}

interface KnownCount {
  readonly count: Promise<number>;
  readonly sinceMs: number;
}

/** How many partitions stores have: as many as their inputs, or their changelogs. Asked of the cluster, and kept for a while. */
export class PartitionCounts {
  readonly #parts: PartitionCountsParts;
  readonly #known = new Map<string, KnownCount>();

  constructor(parts: PartitionCountsParts) {
    this.#parts = parts;
  }

  /**
   * @param atLeast where as many are known they are there still, however long ago that was; where fewer are, the cluster
   *   is asked again: a topic may have been given more
   * @throws QueryError `NOT_PRESENT`: its topics are not there yet
   */
  async of(store: QueryableStore, signal: AbortSignal, atLeast = 0): Promise<number> {
    const { name } = store.specification;
    const nowMs = this.#parts.clock.monotonicMs();
    const known = this.#known.get(name);
    const isFresh = known !== undefined && nowMs - known.sinceMs < this.#parts.metadataAgeMsMax;
    if (known !== undefined && (isFresh || atLeast > 0))
      if ((await known.count) >= atLeast) return known.count;
    const count = this.#ask(store);
    this.#known.set(name, { count, sinceMs: nowMs });
    count.catch(() => this.#known.delete(name));
    signal.throwIfAborted();
    return count;
  }

  async #ask(store: QueryableStore): Promise<number> {
    const { admin, closing } = this.#parts;
    const isOwn = store.isLogged && !store.isSourceTopic;
    const topics = isOwn ? [store.changelogTopic] : (store.subtopology?.sourceTopics ?? []);
    const found = await admin.describeTopics(topics, closing);
    const count = Math.max(0, ...[...found.values()].map(({ partitionCount }) => partitionCount));
    if (count > 0) return count;
    throw new QueryError(
      "NOT_PRESENT",
      `store ${store.specification.name} has no partitions yet: ${topics.join(", ")} is not there`,
    );
  }
}
