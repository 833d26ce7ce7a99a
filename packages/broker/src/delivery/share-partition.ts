import type { Timer, Timers } from "@millrace/platform";
import type { Clock } from "@millrace/platform";
import { errorCode } from "../coordinator/error-code.ts";
import type { ShareOffsetReset } from "../config/share-offset-reset.ts";
import type { ShareCoordinator } from "../coordinator/share/share-coordinator.ts";
import type { SharePartitionKey } from "../coordinator/share/share-partition-key.ts";
import type { ShareRefusal } from "../coordinator/share/share-shard.ts";
import { uninitializedOffset } from "../coordinator/share/share-state.ts";
import type { Partition } from "../partition/partition.ts";
import { acknowledge, type AcknowledgementBatch } from "./partition/acknowledge.ts";
import { acquire, type AcquiredRecords, type AcquireRequest } from "./partition/acquire.ts";
import { startAt } from "./partition/archive.ts";
import type { Change } from "./partition/change.ts";
import { nextExpiryMs, releaseExpired, releaseMember } from "./partition/release.ts";
import { SharePartitionRefusal } from "./partition/share-partition-refusal.ts";
import { ShareWindow } from "./partition/share-window.ts";
import type { ShareDeliveryConfig } from "./share-config.ts";

export interface SharePartitionOptions {
  readonly key: SharePartitionKey;
  readonly partition: Partition;
  readonly clock: Clock;
  readonly timers: Pick<Timers, "after">;
  readonly share: ShareCoordinator;
  readonly configOf: (groupId: string) => ShareDeliveryConfig;
  /** It is of no use any more: whoever asks for it again gets a new one. */
  readonly onStale: () => void;
}

/** What a member is told where something did not go well. */
export type Told = { readonly errorCode: number; readonly errorMessage: string | null };

/**
 * A partition as a share group reads it (Kafka: `SharePartition`): who has which records, as far as this node has heard
 * of it since it began, on top of what the share coordinator has kept.
 *
 *     loading ──▶ active ──▶ stale: the coordinator knows better, or nobody of the group is here
 */
export class SharePartition {
  readonly partition: Partition;
  readonly #options: SharePartitionOptions;
  readonly #window = new ShareWindow();
  readonly #waiters = new Set<() => void>();
  #state: "loading" | "active" | "stale" = "loading";
  #failure: Told | undefined;
  #stateEpoch = 0;
  #expiry: Timer | undefined;

  constructor(options: SharePartitionOptions) {
    this.partition = options.partition;
    this.#options = options;
    void this.#load();
  }

  /** Why it could not be loaded. */
  get failure(): Told | undefined {
    return this.#failure;
  }

  get canAcquire(): boolean {
    return this.#state === "active" && this.#window.canAcquire(this.#config);
  }

  get nextOffset(): number {
    return this.#window.nextOffset();
  }

  get key(): SharePartitionKey {
    return this.#options.key;
  }

  /** Records on their way. */
  get inFlightCount(): number {
    return this.#window.inFlightCount;
  }

  get #config(): ShareDeliveryConfig {
    const { configOf, key } = this.#options;
    return configOf(key.groupId);
  }

  /** Calls back whenever more may be acquired, until the function that is given back is called. */
  wait(waiter: () => void): () => void {
    this.#waiters.add(waiter);
    return () => this.#waiters.delete(waiter);
  }

  acquire(request: Omit<AcquireRequest, "nowMs" | "limits">): readonly AcquiredRecords[] {
    if (this.#state !== "active") return [];
    const nowMs = this.#options.clock.monotonicMs();
    const limits = this.#config;
    const acquired = acquire(this.#window, { ...request, nowMs, limits });
    if (acquired.length > 0) this.#watch(nowMs + limits.lockMs);
    return acquired;
  }

  /** The log begins later than what was asked for. */
  startAt(logStartOffset: number): void {
    startAt(this.#window, logStartOffset);
  }

  /** Undefined: all of it is kept. */
  async acknowledge(
    memberId: string,
    batches: readonly AcknowledgementBatch[],
  ): Promise<Told | undefined> {
    const nowMs = this.#options.clock.monotonicMs();
    let change: Change;
    try {
      change = acknowledge(this.#window, { memberId, batches, nowMs, limits: this.#config });
    } catch (failure) {
      if (!(failure instanceof SharePartitionRefusal)) throw failure;
      return { errorCode: failure.errorCode, errorMessage: failure.message };
    }
    return this.#keep(change);
  }

  /** A member is gone. */
  async releaseMember(memberId: string): Promise<void> {
    await this.#keep(releaseMember(this.#window, memberId, this.#config));
  }

  /** Nobody is served any more. Calling twice is fine. */
  close(): void {
    if (this.#state === "stale") return;
    this.#state = "stale";
    this.#expiry?.cancel();
    this.#options.onStale();
    this.#notify();
  }

  async #load(): Promise<void> {
    const { share, key } = this.#options;
    const read = await share.read(key, this.partition.leaderEpoch);
    if (this.#state !== "loading") return;
    if ("errorCode" in read) {
      this.#failure = toldOf(read);
      this.close();
      return;
    }
    this.#stateEpoch = read.stateEpoch;
    const { startOffset, stateBatches } = read;
    const isNew = startOffset === uninitializedOffset;
    try {
      const start = isNew ? this.#firstOffset(this.#config.offsetReset) : startOffset;
      this.#window.load(start, stateBatches);
      this.#state = "active";
    } catch (failure) {
      this.#failure = { errorCode: errorCode.unknownServerError, errorMessage: String(failure) };
      this.close();
    }
    this.#notify();
  }

  #firstOffset(reset: ShareOffsetReset): number {
    const { highWatermark, logStartOffset } = this.partition;
    switch (reset.kind) {
      case "earliest":
        return logStartOffset;
      case "latest":
        return highWatermark;
      case "byDuration": {
        const timestamp = this.#options.clock.wallMs() - reset.durationMs;
        return this.partition.offsetForTimestamp(timestamp)?.offset ?? highWatermark;
      }
    }
  }

  async #keep(change: Change): Promise<Told | undefined> {
    if (change.isEmpty) return undefined;
    const refused = await this.#write(change);
    if (change.settle(refused === undefined)) this.#notify();
    // What was taken back may have run out meanwhile.
    if (refused !== undefined) this.#watchNext();
    return refused;
  }

  async #write(change: Change): Promise<Told | undefined> {
    const { share, key } = this.#options;
    const refused = await share.write(key, {
      leaderEpoch: this.partition.leaderEpoch,
      stateEpoch: this.#stateEpoch,
      startOffset: this.#window.startOffset,
      deliveryCompleteCount: this.#window.completeCount,
      stateBatches: change.stateBatches,
    });
    if (refused === undefined) return undefined;
    if (isStale(refused)) this.close();
    return toldOf(refused);
  }

  #notify(): void {
    for (const waiter of this.#waiters) waiter();
  }

  /** Sees to locks that run out then, or earlier. */
  #watch(untilMs: number): void {
    if (this.#expiry !== undefined || this.#state !== "active") return;
    const { clock, timers } = this.#options;
    this.#expiry = timers.after(Math.max(0, untilMs - clock.monotonicMs()), () => {
      this.#expiry = undefined;
      this.#expire();
    });
  }

  #watchNext(): void {
    const next = nextExpiryMs(this.#window);
    if (next !== undefined) this.#watch(next);
  }

  #expire(): void {
    const change = releaseExpired(this.#window, this.#options.clock.monotonicMs(), this.#config);
    if (!change.isEmpty) {
      void this.#write(change);
      // The records are free whether or not that is kept: after a restart nobody has them anyway.
      change.settle(true);
      this.#notify();
    }
    this.#watchNext();
  }
}

/** Kafka: `fetchPersisterError`. */
function toldOf({ errorCode: code, errorMessage }: ShareRefusal): Told {
  switch (code) {
    case errorCode.notCoordinator:
    case errorCode.coordinatorNotAvailable:
    case errorCode.coordinatorLoadInProgress:
      return { errorCode: errorCode.coordinatorNotAvailable, errorMessage };
    case errorCode.groupIdNotFound:
    case errorCode.unknownTopicOrPartition:
      return { errorCode: code, errorMessage };
    case errorCode.fencedLeaderEpoch:
    case errorCode.fencedStateEpoch:
      return { errorCode: errorCode.notLeaderOrFollower, errorMessage };
    default:
      return { errorCode: errorCode.unknownServerError, errorMessage };
  }
}

/** What is here is older than what the coordinator has. */
function isStale({ errorCode: code }: ShareRefusal): boolean {
  return (
    code === errorCode.fencedLeaderEpoch ||
    code === errorCode.fencedStateEpoch ||
    code === errorCode.groupIdNotFound ||
    code === errorCode.unknownTopicOrPartition ||
    // Its state was deleted.
    code === errorCode.invalidRequest
  );
}
