import type { Platform } from "@millrace/platform";
import type { ProducerIdentity } from "../coordinator-log.ts";
import type { CoordinatorRecord } from "../coordinator-record.ts";
import { errorCode } from "../error-code.ts";
import { codeOfFailure } from "../failure-code.ts";
import { partitionOfKey } from "../key-partition.ts";
import type { ShardRuntime } from "../shard-runtime.ts";
import type { GroupBound } from "./group-bound.ts";
import type { GroupShard } from "./group-shard.ts";
import type { GroupResult, GroupWorld } from "./group-world.ts";
import { GroupRefusal } from "./refusal.ts";

export interface GroupCallsOptions {
  readonly platform: Platform;
  readonly runtime: ShardRuntime<CoordinatorRecord, GroupShard>;
  readonly bound: GroupBound;
}

/** What a request is refused with as a whole, or for a part of it. */
export interface Refused {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

/** How requests of all protocols reach the partition of `__consumer_offsets` that holds their group. */
export class GroupCalls {
  readonly #options: GroupCallsOptions;

  constructor(options: GroupCallsOptions) {
    this.#options = options;
  }

  partitionOf(groupId: string): number {
    return partitionOfKey(groupId, this.#options.runtime.partitionCount);
  }

  /** Whether the group is there, or there is room for it. */
  admits(groupId: string): boolean {
    return this.#options.bound.admits(this.partitionOf(groupId), groupId);
  }

  /** @throws GroupRefusal there is no such group, and no room for it */
  requireRoom(groupId: string): void {
    if (this.admits(groupId)) return;
    throw new GroupRefusal(
      errorCode.groupMaxSizeReached,
      `this broker takes ${this.#options.bound.groupsMax} groups; delete some, or start it with more`,
    );
  }

  /** Rejects where the group's log fails, or the request is refused. */
  write<Response>(
    groupId: string,
    request: (world: GroupWorld) => GroupResult<Response>,
    producer?: ProducerIdentity,
  ): Promise<Response> {
    const partition = this.partitionOf(groupId);
    return this.#options.runtime.write(partition, ({ world }) => request(world), producer);
  }

  /** Gives an error code where the group's log fails. */
  async writeOrCode<Response>(
    groupId: string,
    request: (world: GroupWorld) => GroupResult<Response>,
    producer?: ProducerIdentity,
  ): Promise<Response | number> {
    try {
      return await this.write(groupId, request, producer);
    } catch (failure) {
      return this.codeOf(failure);
    }
  }

  /** Gives an error code where the group's log fails. */
  readOrCode<Response>(
    groupId: string,
    request: (world: GroupWorld) => Response,
  ): Promise<Response | number> {
    return this.writeOrCode(groupId, (world) => ({ records: [], response: request(world) }));
  }

  /** Of all groups. Gives an error code where a log fails. */
  async readAllOrCode<Response>(
    request: (world: GroupWorld) => readonly Response[],
  ): Promise<readonly Response[] | number> {
    try {
      return (await this.#options.runtime.readAll(({ world }) => request(world))).flat();
    } catch (failure) {
      return this.codeOf(failure);
    }
  }

  codeOf(failure: unknown): number {
    return codeOfFailure(failure, this.#options.platform.logger);
  }

  refusedOf(failure: unknown): Refused {
    if (failure instanceof GroupRefusal)
      return { errorCode: failure.errorCode, errorMessage: failure.message };
    return { errorCode: this.codeOf(failure), errorMessage: null };
  }
}
