import type { Clock } from "@millrace/platform";
import { type CoordinatorRecord, RecordTable } from "../coordinator-record.ts";
import {
  answer,
  type CoordinatorShard,
  type RecordOrigin,
  type ShardResult,
} from "../coordinator-shard.ts";
import { errorCode } from "../error-code.ts";
import type { TopicLookup } from "../topic-lookup.ts";
import { combineBatches } from "./combine-batches.ts";
import { type SharePartitionKey, shareKeyText } from "./share-partition-key.ts";
import { snapshotKind, updateKind } from "./share-record.ts";
import {
  type ShareState,
  type ShareUpdate,
  type StateBatch,
  uninitializedCount,
  uninitializedOffset,
} from "./share-state.ts";

/** In parentheses: Kafka's property, whose default it has. */
export interface ShareCoordinatorConfig {
  /** After so many updates comes a snapshot (`share.coordinator.snapshot.update.records.per.snapshot`). */
  readonly updatesPerSnapshot: number;
  /** Who changes nothing for so long gets a snapshot (`share.coordinator.cold.partition.snapshot.interval.ms`). */
  readonly coldSnapshotIntervalMs: number;
}

export interface ShareShardWorld {
  readonly clock: Pick<Clock, "wallMs">;
  readonly config: ShareCoordinatorConfig;
  readonly topics: TopicLookup;
}

/** What is refused, with Kafka's code and message. */
export interface ShareRefusal {
  readonly errorCode: number;
  /** Null: the code's own. */
  readonly errorMessage: string | null;
}

export interface ShareWrite {
  /** -1: whoever leads. */
  readonly leaderEpoch: number;
  /** -1: whatever it is. */
  readonly stateEpoch: number;
  /** -1: as it was. */
  readonly startOffset: number;
  readonly deliveryCompleteCount: number;
  readonly stateBatches: readonly StateBatch[];
}

/** What a reader is told of a partition that has no state. */
export const noShareState = {
  startOffset: uninitializedOffset,
  deliveryCompleteCount: uninitializedCount,
  leaderEpoch: 0,
  stateEpoch: 0,
};

interface Kept {
  readonly key: SharePartitionKey;
  state: ShareState;
  /** Highest ones that were seen. */
  leaderEpoch: number;
  stateEpoch: number;
  updateCount: number;
  /** Before it, nothing of this partition is of use any more. */
  snapshotOffset: number;
}

type ShareResult<Response> = ShardResult<CoordinatorRecord, Response | ShareRefusal>;

/** Partitions of share groups whose state lies in one partition of `__share_group_state`. */
export class ShareShard implements CoordinatorShard<CoordinatorRecord> {
  readonly #world: ShareShardWorld;
  readonly #kept = new Map<string, Kept>();

  constructor(world: ShareShardWorld) {
    this.#world = world;
  }

  replay(record: CoordinatorRecord, origin: RecordOrigin): void {
    shareRecords.replay(this, record, origin);
  }

  replaySnapshot(key: SharePartitionKey, value: ShareState | null, offset: number): void {
    const text = shareKeyText(key);
    const kept = this.#kept.get(text);
    if (value === null) this.#kept.delete(text);
    else
      this.#kept.set(text, {
        key,
        state: value,
        leaderEpoch: Math.max(kept?.leaderEpoch ?? 0, value.leaderEpoch),
        stateEpoch: Math.max(kept?.stateEpoch ?? 0, value.stateEpoch),
        updateCount: 0,
        snapshotOffset: offset,
      });
  }

  replayUpdate(key: SharePartitionKey, value: ShareUpdate | null): void {
    const kept = this.#kept.get(shareKeyText(key));
    // Kafka writes no update that forgets, and none before a snapshot.
    if (kept === undefined || value === null) return;
    kept.leaderEpoch = Math.max(kept.leaderEpoch, value.leaderEpoch);
    kept.state = merged(kept.state, value);
    kept.updateCount++;
  }

  /** No transaction writes here. */
  replayMarker(): void {}

  loaded(): void {}

  /** A group begins with the partition, or goes on from another offset. */
  initialize(
    key: SharePartitionKey,
    { stateEpoch, startOffset }: { readonly stateEpoch: number; readonly startOffset: number },
  ): ShareResult<undefined> {
    const kept = this.#kept.get(shareKeyText(key));
    const refusal = this.#refusalOf(key, () =>
      stateEpoch !== -1 && kept !== undefined && kept.stateEpoch > stateEpoch
        ? refused(errorCode.fencedStateEpoch)
        : undefined,
    );
    if (refusal !== undefined) return answer(refusal);
    const wallMs = this.#world.clock.wallMs();
    const value: ShareState = {
      snapshotEpoch: kept === undefined ? 0 : kept.state.snapshotEpoch + 1,
      stateEpoch,
      leaderEpoch: 0,
      startOffset,
      deliveryCompleteCount: startOffset === uninitializedOffset ? uninitializedCount : 0,
      createTimestamp: wallMs,
      writeTimestamp: wallMs,
      stateBatches: [],
    };
    return { records: [snapshotKind.record(key, value)], response: undefined };
  }

  /** Who reads as the leader of an epoch fences those before it. */
  read(key: SharePartitionKey, leaderEpoch: number): ShareResult<ShareState> {
    const kept = this.#kept.get(shareKeyText(key));
    const refusal = this.#refusalOf(key, () => {
      if (kept === undefined)
        return refused(
          errorCode.invalidRequest,
          "Read operation on uninitialized share partition not allowed.",
        );
      return isFenced(kept, leaderEpoch) ? refused(errorCode.fencedLeaderEpoch) : undefined;
    });
    if (refusal !== undefined || kept === undefined) return answer(refusal ?? refused(0));
    const { state } = kept;
    if (leaderEpoch === -1 || kept.leaderEpoch === leaderEpoch) return answer(state);
    const write = { ...state, leaderEpoch, stateBatches: [] };
    return { records: [this.#writeRecord(kept, write, leaderEpoch)], response: state };
  }

  write(key: SharePartitionKey, write: ShareWrite): ShareResult<undefined> {
    const kept = this.#kept.get(shareKeyText(key));
    const refusal = this.#refusalOf(key, () => {
      if (kept === undefined)
        return refused(
          errorCode.invalidRequest,
          "Write operation on uninitialized share partition not allowed.",
        );
      if (isFenced(kept, write.leaderEpoch)) return refused(errorCode.fencedLeaderEpoch);
      return write.stateEpoch !== -1 && kept.stateEpoch > write.stateEpoch
        ? refused(errorCode.fencedStateEpoch)
        : undefined;
    });
    if (refusal !== undefined || kept === undefined) return answer(refusal ?? refused(0));
    return {
      records: [this.#writeRecord(kept, write, kept.state.leaderEpoch)],
      response: undefined,
    };
  }

  delete(key: SharePartitionKey): ShareResult<undefined> {
    const refusal = this.#refusalOf(key, () => undefined);
    if (refusal !== undefined) return answer(refusal);
    if (!this.#kept.has(shareKeyText(key))) return answer(undefined);
    return { records: [snapshotKind.record(key, null)], response: undefined };
  }

  summary(key: SharePartitionKey): ShareRefusal | typeof noShareState {
    const refusal = this.#refusalOf(key, () => undefined);
    return refusal ?? this.#kept.get(shareKeyText(key))?.state ?? noShareState;
  }

  /** A topic is gone, and so is what groups have of it. */
  deleteTopic(topicId: string): ShardResult<CoordinatorRecord, void> {
    const records = [...this.#kept.values()]
      .filter(({ key }) => key.topicId === topicId)
      .map(({ key }) => snapshotKind.record(key, null));
    return { records, response: undefined };
  }

  /**
   * Snapshots of partitions that have had none for a while: one that nobody uses would keep all that was written since
   * from being deleted.
   */
  snapshotCold(): ShardResult<CoordinatorRecord, void> {
    const wallMs = this.#world.clock.wallMs();
    const records: CoordinatorRecord[] = [];
    let isAnyActive = false;
    for (const { key, state } of this.#kept.values()) {
      if (state.createTimestamp === state.writeTimestamp) isAnyActive = true;
      if (wallMs - state.writeTimestamp < this.#world.config.coldSnapshotIntervalMs) continue;
      const snapshotEpoch = state.snapshotEpoch + 1;
      records.push(snapshotKind.record(key, { ...state, snapshotEpoch, writeTimestamp: wallMs }));
    }
    return { records: isAnyActive ? records : [], response: undefined };
  }

  /** Below it, nothing is needed to know what is known; undefined: of nobody anything is known. */
  get redundantBelow(): number | undefined {
    let lowest: number | undefined;
    for (const { snapshotOffset } of this.#kept.values())
      if (lowest === undefined || snapshotOffset < lowest) lowest = snapshotOffset;
    return lowest;
  }

  #writeRecord(kept: Kept, write: ShareWrite, leaderEpoch: number): CoordinatorRecord {
    const { key, state } = kept;
    const { startOffset, deliveryCompleteCount, stateBatches } = write;
    if (kept.updateCount < this.#world.config.updatesPerSnapshot) {
      const value: ShareUpdate = {
        snapshotEpoch: state.snapshotEpoch,
        leaderEpoch,
        startOffset,
        deliveryCompleteCount,
        stateBatches: combineBatches([], stateBatches, startOffset),
      };
      return updateKind.record(key, value);
    }
    const wallMs = this.#world.clock.wallMs();
    const start = startOffset === uninitializedOffset ? state.startOffset : startOffset;
    const value: ShareState = {
      snapshotEpoch: state.snapshotEpoch + 1,
      stateEpoch: state.stateEpoch,
      leaderEpoch,
      startOffset: start,
      deliveryCompleteCount,
      createTimestamp: wallMs,
      writeTimestamp: wallMs,
      stateBatches: combineBatches(state.stateBatches, stateBatches, start),
    };
    return snapshotKind.record(key, value);
  }

  /** In Kafka's order: what the request is like, what is kept, whether the topic is there. */
  #refusalOf(
    { topicId, partition }: SharePartitionKey,
    keptRefusal: () => ShareRefusal | undefined,
  ): ShareRefusal | undefined {
    if (partition < 0)
      return refused(errorCode.invalidRequest, "The partition id cannot be a negative number.");
    const refusal = keptRefusal();
    if (refusal !== undefined) return refusal;
    const { topics } = this.#world;
    const name = topics.topicName(topicId);
    const count = name === undefined ? 0 : (topics.partitionCount(name) ?? 0);
    return partition < count ? undefined : refused(errorCode.unknownTopicOrPartition);
  }
}

export const shareRecords = new RecordTable<ShareShard>([
  snapshotKind.replayedBy((shard: ShareShard, key, value, { offset }) =>
    shard.replaySnapshot(key, value, offset),
  ),
  updateKind.replayedBy((shard: ShareShard, key, value) => shard.replayUpdate(key, value)),
]);

function merged(state: ShareState, update: ShareUpdate): ShareState {
  const startOffset =
    update.startOffset === uninitializedOffset ? state.startOffset : update.startOffset;
  return {
    ...state,
    startOffset,
    deliveryCompleteCount: update.deliveryCompleteCount,
    leaderEpoch: update.leaderEpoch === -1 ? state.leaderEpoch : update.leaderEpoch,
    stateBatches: combineBatches(state.stateBatches, update.stateBatches, startOffset),
  };
}

function isFenced(kept: Kept, leaderEpoch: number): boolean {
  return leaderEpoch !== -1 && kept.leaderEpoch > leaderEpoch;
}

function refused(code: number, errorMessage: string | null = null): ShareRefusal {
  return { errorCode: code, errorMessage };
}
