import { errorCode } from "../../error-code.ts";
import type { GroupCalls } from "../group-calls.ts";
import type { GroupConfig } from "../group-config.ts";
import { notFoundMessage, type GroupResult, type GroupWorld } from "../group-world.ts";
import { GroupRefusal } from "../refusal.ts";
import type { HeartbeatRequest, LeavingMember, SyncGroupRequest } from "./classic-requests.ts";
import { describeGroup, type GroupDescription } from "./describe-group.ts";
import { classicGroup } from "./find-group.ts";
import {
  joinRefused,
  syncRefused,
  type JoinGroupAnswer,
  type SyncGroupAnswer,
} from "./group-answers.ts";
import { heartbeat } from "./heartbeat.ts";
import { joinGroup } from "./join-group.ts";
import type { JoinGroupRequest } from "./join-request.ts";
import { leaveGroup } from "./leave-group.ts";
import { syncGroup } from "./sync-group.ts";

/** What is asked of groups whose members share out the partitions. No call rejects. */
export class ClassicGroups {
  readonly #calls: GroupCalls;
  readonly #config: GroupConfig;

  constructor(calls: GroupCalls, config: GroupConfig) {
    this.#calls = calls;
    this.#config = config;
  }

  join(request: JoinGroupRequest): Promise<JoinGroupAnswer> {
    const { sessionTimeoutMs, memberId, groupId } = request;
    if (groupId === "") return Promise.resolve(joinRefused(errorCode.invalidGroupId, memberId));
    if (
      sessionTimeoutMs < this.#config.sessionTimeoutMsMin ||
      sessionTimeoutMs > this.#config.sessionTimeoutMsMax
    )
      return Promise.resolve(joinRefused(errorCode.invalidSessionTimeout, memberId));
    if (!this.#calls.admits(groupId))
      return Promise.resolve(joinRefused(errorCode.groupMaxSizeReached, memberId));
    return this.#answered(
      groupId,
      (world, reply) => joinGroup(world, request, reply),
      (code) => joinRefused(code, ""),
    );
  }

  sync(request: SyncGroupRequest): Promise<SyncGroupAnswer> {
    if (request.groupId === "") return Promise.resolve(syncRefused(errorCode.invalidGroupId));
    return this.#answered(
      request.groupId,
      (world, reply) => syncGroup(world, request, reply),
      syncRefused,
    );
  }

  /** Gives an error code. */
  async heartbeat(request: HeartbeatRequest): Promise<number> {
    if (request.groupId === "") return errorCode.invalidGroupId;
    const code = await this.#calls.readOrCode(request.groupId, (world) =>
      heartbeat(world, request),
    );
    // A member whose group is being read is not to blame.
    return code === errorCode.coordinatorLoadInProgress ? errorCode.none : code;
  }

  /** An error code per member, or one for all. */
  async leave(
    groupId: string,
    members: readonly LeavingMember[],
  ): Promise<readonly number[] | number> {
    if (groupId === "") return errorCode.invalidGroupId;
    return this.#calls.writeOrCode(groupId, (world) => leaveGroup(world, groupId, members));
  }

  /** A group, why there is none, or an error code. */
  async describe(groupId: string): Promise<GroupDescription | GroupRefusal | number> {
    return this.#calls.readOrCode<GroupDescription | GroupRefusal>(groupId, (world) => {
      const group = classicGroup(world, groupId);
      if (group !== undefined) return describeGroup(group);
      const message = notFoundMessage(world, groupId, "classic");
      return new GroupRefusal(errorCode.groupIdNotFound, message);
    });
  }

  /**
   * For answers that the group gives when it is ready, which may be before the records are durable,
   * as in Kafka.
   */
  #answered<Answer>(
    groupId: string,
    request: (world: GroupWorld, reply: (answer: Answer) => void) => GroupResult,
    refuse: (code: number) => Answer,
  ): Promise<Answer> {
    return new Promise((resolve) => {
      this.#calls
        .write(groupId, (world) => request(world, resolve))
        .catch((failure: unknown) => resolve(refuse(this.#calls.codeOf(failure))));
    });
  }
}
