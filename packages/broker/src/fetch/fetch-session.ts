import { type FetchRequest } from "@millrace/protocol/definitions";
import { zeroUuid } from "@millrace/protocol/wire";
import type { MetadataImage } from "../metadata/metadata-image.ts";
import {
  type FetchedPartition,
  fetchKey,
  type FetchRequestPartition,
  type FetchTarget,
} from "./fetch-types.ts";

/** A partition of a session: what is asked, and what the client was told last. */
interface CachedPartition {
  target: FetchTarget;
  highWatermark: number;
  logStartOffset: number;
}

/**
 * What one client fetches, kept between its requests (KIP-227), so that a request names changes only and a response
 * tells news only. Partitions that gave records go to the end, so that none starves.
 */
export class FetchSession {
  readonly id: number;
  readonly usesIds: boolean;
  /** Of the next request. */
  epoch = 1;
  usedMs: number;
  readonly #partitions = new Map<string, CachedPartition>();

  constructor(id: number, usesIds: boolean, nowMs: number) {
    this.id = id;
    this.usesIds = usesIds;
    this.usedMs = nowMs;
  }

  get size(): number {
    return this.#partitions.size;
  }

  targets(image: MetadataImage): FetchTarget[] {
    return Array.from(this.#partitions.values(), (cached) => {
      const { topic, topicId } = cached.target;
      // An id whose topic was not known may have become known.
      if (topic === undefined && topicId !== zeroUuid)
        cached.target = { ...cached.target, topic: image.topicName(topicId) };
      return cached.target;
    });
  }

  /** Takes in what a request adds, changes and forgets. */
  update(targets: readonly FetchTarget[], forgotten: FetchRequest["forgottenTopicsData"]): void {
    for (const target of targets) {
      const key = this.#keyOf(target);
      const known = this.#partitions.get(key);
      if (known === undefined)
        this.#partitions.set(key, { target, highWatermark: -1, logStartOffset: -1 });
      else known.target = target;
    }
    for (const { topic, topicId, partitions } of forgotten)
      for (const partition of partitions)
        this.#partitions.delete(fetchKey(topic, topicId, partition, this.usesIds));
  }

  /** Notes what a first, full response says. */
  begin(fetched: readonly FetchedPartition[]): void {
    for (const { target, response } of fetched)
      this.#partitions.set(this.#keyOf(target), {
        target,
        highWatermark: response.errorCode === 0 ? response.highWatermark : -1,
        logStartOffset: response.logStartOffset ?? -1,
      });
  }

  /** Those of an incremental response that say something new. */
  selectNews(fetched: readonly FetchedPartition[]): FetchedPartition[] {
    return fetched.filter((one) => {
      const key = this.#keyOf(one.target);
      const cached = this.#partitions.get(key);
      if (cached === undefined) return true;
      if (!isNews(cached, one)) return false;
      if (one.sizeBytes > 0) {
        this.#partitions.delete(key);
        this.#partitions.set(key, cached);
      }
      return true;
    });
  }

  #keyOf({ topic, topicId, partition }: FetchTarget): string {
    return fetchKey(topic ?? "", topicId, partition, this.usesIds);
  }
}

/** Notes what is told, and gives whether it must be. */
function isNews(cached: CachedPartition, { response, sizeBytes }: FetchedPartition): boolean {
  let isNew = sizeBytes > 0 || response.divergingEpoch !== undefined;
  if (response.highWatermark !== cached.highWatermark) {
    cached.highWatermark = response.highWatermark;
    isNew = true;
  }
  const logStartOffset = response.logStartOffset ?? -1;
  if (logStartOffset !== cached.logStartOffset) {
    cached.logStartOffset = logStartOffset;
    isNew = true;
  }
  if (response.errorCode === 0) return isNew;
  // Told as long as it lasts, and so is what follows it.
  cached.highWatermark = -1;
  return true;
}

export function toTarget(
  topic: string | undefined,
  topicId: string,
  asked: FetchRequestPartition,
): FetchTarget {
  return {
    topic,
    topicId,
    partition: asked.partition,
    fetchOffset: asked.fetchOffset,
    maxBytes: asked.partitionMaxBytes,
    currentLeaderEpoch: asked.currentLeaderEpoch,
    lastFetchedEpoch: asked.lastFetchedEpoch,
  };
}
