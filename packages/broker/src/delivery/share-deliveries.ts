import type { Platform } from "@millrace/platform";
import { errorCode } from "../coordinator/error-code.ts";
import type { ShareCoordinator } from "../coordinator/share/share-coordinator.ts";
import { type SharePartitionKey, shareKeyText } from "../coordinator/share/share-partition-key.ts";
import type { MetadataImage } from "../metadata/metadata-image.ts";
import type { Partitions } from "../partition/partitions.ts";
import type { AcknowledgementBatch } from "./partition/acknowledge.ts";
import type { ShareDeliveryConfig } from "./share-config.ts";
import { SharePartition, type Told } from "./share-partition.ts";
import type { ShareSession } from "./share-session.ts";
import { ShareSessions } from "./share-sessions.ts";

export interface ShareDeliveriesOptions {
  readonly platform: Platform;
  readonly image: MetadataImage;
  readonly partitions: Partitions;
  readonly share: ShareCoordinator;
  readonly configOf: (groupId: string) => ShareDeliveryConfig;
  readonly sessionsMax: number;
}

/** Partitions that share groups read here, and their members' sessions (Kafka: `SharePartitionManager`). */
export class ShareDeliveries {
  readonly sessions: ShareSessions;
  readonly #options: ShareDeliveriesOptions;
  readonly #partitions = new Map<string, SharePartition>();
  /** By group, keys of its partitions. */
  readonly #groups = new Map<string, Set<string>>();

  constructor(options: ShareDeliveriesOptions) {
    this.#options = options;
    this.sessions = new ShareSessions(options.sessionsMax, (session) => this.#lose(session));
  }

  configOf(groupId: string): ShareDeliveryConfig {
    return this.#options.configOf(groupId);
  }

  /** Undefined: the partition is not there. */
  open(key: SharePartitionKey): SharePartition | undefined {
    const { image, partitions, platform, share, configOf } = this.#options;
    const text = shareKeyText(key);
    const partition = partitions.find(image.topicName(key.topicId) ?? "", key.partition);
    const known = this.#partitions.get(text);
    if (known !== undefined && known.partition === partition) return known;
    known?.close();
    if (partition === undefined || partition.failure !== undefined) return undefined;
    const { clock, timers } = platform;
    const onStale = () => this.#forget(key.groupId, text, made);
    const made: SharePartition = new SharePartition({
      key,
      partition,
      clock,
      timers,
      share,
      configOf,
      onStale,
    });
    this.#partitions.set(text, made);
    const keys = this.#groups.get(key.groupId) ?? new Set();
    this.#groups.set(key.groupId, keys.add(text));
    return made;
  }

  /** Undefined: all of it is kept. */
  async acknowledge(
    key: SharePartitionKey,
    memberId: string,
    batches: readonly AcknowledgementBatch[],
  ): Promise<Told | undefined> {
    const partition = this.#partitions.get(shareKeyText(key));
    if (partition !== undefined) return partition.acknowledge(memberId, batches);
    return {
      errorCode: errorCode.unknownTopicOrPartition,
      errorMessage: "This server does not host this topic-partition.",
    };
  }

  /** A member ends its session: what it has is free. */
  endSession(groupId: string, memberId: string): void {
    const session = this.sessions.remove(groupId, memberId);
    if (session !== undefined) this.#lose(session);
  }

  /** Records on their way. */
  *inFlight() {
    for (const { key, partition, inFlightCount } of this.#partitions.values())
      yield {
        groupId: key.groupId,
        topic: partition.topic,
        partition: key.partition,
        count: inFlightCount,
      };
  }

  close(): void {
    for (const partition of this.#partitions.values()) partition.close();
  }

  /** The last one of a group takes the group's partitions with it: another node, or a later start, begins anew. */
  #lose(session: ShareSession): void {
    const releasing = this.#release(session);
    const { groupId } = session;
    void releasing.then(() => {
      if (this.sessions.hasGroup(groupId)) return;
      for (const text of this.#groups.get(groupId) ?? []) this.#partitions.get(text)?.close();
    });
  }

  async #release({ groupId, memberId, places }: ShareSession): Promise<void> {
    const releasing = [...places.values()].map(({ topicId, partition }) =>
      this.#partitions.get(shareKeyText({ groupId, topicId, partition }))?.releaseMember(memberId),
    );
    await Promise.all(releasing);
  }

  #forget(groupId: string, text: string, partition: SharePartition): void {
    if (this.#partitions.get(text) !== partition) return;
    this.#partitions.delete(text);
    const keys = this.#groups.get(groupId);
    keys?.delete(text);
    if (keys?.size === 0) this.#groups.delete(groupId);
  }
}
