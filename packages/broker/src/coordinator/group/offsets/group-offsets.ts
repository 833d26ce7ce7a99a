import type { Platform } from "@millrace/platform";
import type { ProducerIdentity } from "../../coordinator-log.ts";
import type { CoordinatorRecord } from "../../coordinator-record.ts";
import { errorCode } from "../../error-code.ts";
import type { ShardRuntime } from "../../shard-runtime.ts";
import type { TransactionOperation, TransactionVerifier } from "../../transaction-verifier.ts";
import type { GroupCalls } from "../group-calls.ts";
import type { GroupShard } from "../group-shard.ts";
import type { Group, GroupResult, GroupWorld } from "../group-world.ts";
import { commitOffsets, type CommitOffsetsRequest } from "./commit-offsets.ts";
import type { CommittedOffset } from "./committed-offsets.ts";
import { deleteOffsets } from "./delete-offsets.ts";
import { expireOffsets } from "./expire-offsets.ts";
import { fetchOffsets, type FetchedOffset, type FetchOffsetsRequest } from "./fetch-offsets.ts";
import type { OffsetPlace } from "./offset-table.ts";

/** The transaction of a TxnOffsetCommit. */
export interface OffsetTransaction extends ProducerIdentity {
  readonly transactionalId: string;
  readonly operation: TransactionOperation;
}

export interface GroupOffsetsOptions {
  readonly platform: Platform;
  readonly runtime: ShardRuntime<CoordinatorRecord, GroupShard>;
  /** Asked before offsets are committed in a transaction. */
  readonly verifier: TransactionVerifier;
}

/** What groups of any protocol have committed. No call rejects. */
export class GroupOffsets {
  readonly #calls: GroupCalls;
  readonly #options: GroupOffsetsOptions;

  constructor(calls: GroupCalls, options: GroupOffsetsOptions) {
    this.#calls = calls;
    this.#options = options;
  }

  /** An error code per offset, or one for all. */
  async commit(request: CommitOffsetsRequest): Promise<readonly number[] | number> {
    if (!this.#calls.admits(request.groupId)) return errorCode.groupMaxSizeReached;
    return this.#calls.writeOrCode(request.groupId, (world) => this.#append(world, request));
  }

  /** An error code per offset, or one for all. They count from the commit of the transaction on. */
  async commitInTransaction(
    request: CommitOffsetsRequest,
    transaction: OffsetTransaction,
  ): Promise<readonly number[] | number> {
    const { groupId } = request;
    if (groupId === "") return errorCode.invalidGroupId;
    if (!this.#calls.admits(groupId)) return errorCode.groupMaxSizeReached;
    const partition = { topic: "__consumer_offsets", partition: this.#calls.partitionOf(groupId) };
    const [refused] = await this.#options.verifier.verify({
      ...transaction,
      partitions: [partition],
    });
    if (refused !== errorCode.none) return refused;
    return this.#calls.writeOrCode(groupId, (world) => this.#append(world, request), transaction);
  }

  /** All or some of a group's offsets, or an error code. */
  async fetch(request: FetchOffsetsRequest): Promise<readonly FetchedOffset[] | number> {
    return this.#calls.readOrCode<readonly FetchedOffset[] | number>(request.groupId, (world) =>
      fetchOffsets(world, request),
    );
  }

  /** What all groups have committed, or an error code. */
  all(): Promise<readonly (OffsetPlace & CommittedOffset)[] | number> {
    return this.#calls.readAllOrCode(({ offsets }) => offsets.all());
  }

  /** An error code per offset, or one for all. */
  async delete(
    groupId: string,
    places: readonly OffsetPlace[],
  ): Promise<readonly number[] | number> {
    if (groupId === "") return errorCode.invalidGroupId;
    return this.#calls.writeOrCode<readonly number[] | number>(groupId, (world) =>
      deleteOffsets(world, groupId, places),
    );
  }

  /** Forgets offsets that have expired, and groups that have nothing left; others have their turn in between. */
  async expire(signal?: AbortSignal): Promise<void> {
    for (const partition of this.#options.runtime.loadedPartitions())
      try {
        await this.#expireIn(partition, signal);
      } catch (failure) {
        this.#calls.codeOf(failure);
      }
  }

  async #expireIn(partition: number, signal: AbortSignal | undefined): Promise<void> {
    const { platform, runtime } = this.#options;
    let walk: { readonly world: GroupWorld; readonly groups: Iterator<Group> } | undefined;
    for (let isMore = true; isMore;) {
      isMore = await runtime.write(partition, ({ world }) => {
        // A shard that was lost meanwhile is another one now.
        if (walk?.world !== world) walk = { world, groups: world.groups.values() };
        return expireOffsets(world, walk.groups);
      });
      await platform.timers.yield();
      if (signal?.aborted === true) return;
    }
  }

  /** Crash step C12 lies between the append and the answer. */
  #append(
    world: GroupWorld,
    request: CommitOffsetsRequest,
  ): GroupResult<readonly number[] | number> {
    const result = commitOffsets(world, request);
    return { ...result, appended: () => this.#options.platform.probe?.("C12") };
  }
}
