import type { StreamsGroupHeartbeatRequest } from "@millrace/protocol/definitions";
import { errorCode } from "../../error-code.ts";
import { beatStreamsGroup } from "../beat-streams-group.ts";
import type { GroupCalls } from "../group-calls.ts";
import { notFoundMessage } from "../group-world.ts";
import { checkHeartbeat } from "./check-heartbeat.ts";
import {
  type DescribedStreamsGroup,
  describeStreamsGroup,
  unknownStreamsGroup,
} from "./describe-streams-group.ts";
import { streamsGroup } from "./streams-group.ts";
import {
  type HeartbeatClient,
  type HeartbeatOutcome,
  refusedHeartbeat,
} from "./streams-heartbeat.ts";

/** What is asked of groups whose tasks the broker shares out (KIP-1071). No call rejects. */
export class StreamsGroups {
  readonly #calls: GroupCalls;

  constructor(calls: GroupCalls) {
    this.#calls = calls;
  }

  async heartbeat(
    request: StreamsGroupHeartbeatRequest,
    client: HeartbeatClient,
  ): Promise<HeartbeatOutcome> {
    const { groupId } = request;
    try {
      checkHeartbeat(request);
      this.#calls.requireRoom(groupId);
      return await this.#calls.write(groupId, (world) => beatStreamsGroup(world, request, client));
    } catch (failure) {
      const { errorCode: code, errorMessage } = this.#calls.refusedOf(failure);
      return refusedHeartbeat(code, errorMessage);
    }
  }

  async describe(groupId: string): Promise<DescribedStreamsGroup> {
    if (groupId === "") return unknownStreamsGroup("", errorCode.invalidGroupId, null);
    const described = await this.#calls.readOrCode(groupId, (world) => {
      const group = streamsGroup(world, groupId);
      if (group !== undefined) return describeStreamsGroup(group);
      const message = notFoundMessage(world, groupId, "streams");
      return unknownStreamsGroup(groupId, errorCode.groupIdNotFound, message);
    });
    return typeof described === "number"
      ? unknownStreamsGroup(groupId, described, null)
      : described;
  }
}
