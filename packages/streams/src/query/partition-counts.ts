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
  /** Once the cluster has told it. */
  told?: number;
  readonly sinceMs: number;
}

/** How many partitions stores have: as many as their inputs, or their changelogs. Asked of the cluster, and kept for a while. */
export class PartitionCounts {
  readonly #parts: PartitionCountsParts;
  readonly #known = new Map<string, KnownCount>();

  constructor(parts: PartitionCountsParts) {
    this.#parts = parts;
  }

  /** As far as it was told and is not too long ago. */
  known(store: QueryableStore): number | undefined {
    const known = this.#known.get(store.specification.name);
    return known !== undefined && this.#isFresh(known) ? known.told : undefined;
  }

  /**
   * @param atLeast where as many are known they are there still, however long ago that was; where fewer are, the cluster
   *   is asked again: a topic may have been given more
   * @throws QueryError `NOT_PRESENT`: its topics are not there yet
   */
  async of(store: QueryableStore, signal: AbortSignal, atLeast = 0): Promise<number> {
    const { name } = store.specification;
    const known = this.#known.get(name);
    if (known !== undefined && (atLeast > 0 || this.#isFresh(known)))
      if ((await known.count) >= atLeast) return known.count;
    const count = this.#ask(store);
    const asked: KnownCount = { count, sinceMs: this.#parts.clock.monotonicMs() };
    this.#known.set(name, asked);
    count.then(
      (told) => (asked.told = told),
      () => this.#known.delete(name),
    );
    signal.throwIfAborted();
    return count;
  }

  #isFresh({ sinceMs }: KnownCount): boolean {
    return this.#parts.clock.monotonicMs() - sinceMs < this.#parts.metadataAgeMsMax;
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
