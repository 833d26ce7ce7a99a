import type { ConsumerGroupHeartbeatRequest } from "@millrace/protocol/definitions";
import { errorCode } from "../../error-code.ts";
import { beatConsumerGroup } from "../beat-consumer-group.ts";
import type { GroupCalls } from "../group-calls.ts";
import type { GroupConfigs } from "../group-config.ts";
import { notFoundMessage } from "../group-world.ts";
import { checkHeartbeat } from "./check-heartbeat.ts";
import { consumerGroup } from "./consumer-group.ts";
import {
  type ConsumerClient,
  type ConsumerHeartbeatAnswer,
  refusedConsumerHeartbeat,
} from "./consumer-heartbeat.ts";
import {
  type DescribedConsumerGroup,
  describeConsumerGroup,
  unknownConsumerGroup,
} from "./describe-consumer-group.ts";

/** What is asked of groups whose partitions the broker shares out (KIP-848). No call rejects. */
export class ConsumerGroups {
  readonly #calls: GroupCalls;
  readonly #configs: GroupConfigs;

  constructor(calls: GroupCalls, configs: GroupConfigs) {
    this.#calls = calls;
    this.#configs = configs;
  }

  async heartbeat(
    request: ConsumerGroupHeartbeatRequest,
    apiVersion: number,
    client: ConsumerClient,
  ): Promise<ConsumerHeartbeatAnswer> {
    const { groupId } = request;
    try {
      checkHeartbeat(request, apiVersion, this.#configs.consumerOf(groupId).assignors);
      this.#calls.requireRoom(groupId);
      return await this.#calls.write(groupId, (world) => beatConsumerGroup(world, request, client));
    } catch (failure) {
      const { errorCode: code, errorMessage } = this.#calls.refusedOf(failure);
      return refusedConsumerHeartbeat(code, errorMessage);
    }
  }

  async describe(groupId: string): Promise<DescribedConsumerGroup> {
    if (groupId === "") return unknownConsumerGroup("", errorCode.invalidGroupId);
    const described = await this.#calls.readOrCode(groupId, (world) => {
      const group = consumerGroup(world, groupId);
      if (group !== undefined) return describeConsumerGroup(world, group);
      const message = notFoundMessage(world, groupId, "consumer");
      return unknownConsumerGroup(groupId, errorCode.groupIdNotFound, message);
    });
    return typeof described === "number" ? unknownConsumerGroup(groupId, described) : described;
  }
}
