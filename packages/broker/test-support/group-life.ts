import { decodeMessage, encodeMessage, encodeVersioned } from "@millrace/protocol";
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
  shareGroupHeartbeatApi,
  streamsGroupHeartbeatRequest,
} from "@millrace/protocol/definitions";
import {
  arrived,
  type ConsumerBeat,
  joinConsumerBeat,
  laterConsumerBeat,
} from "./consumer-member-script.ts";
import type { CoordinatorWorld } from "./coordinator-world.ts";
import { client } from "./group-client.ts";
import { commitRequest, join } from "./group-member-script.ts";
import { joinBeat, laterBeat, subtopology } from "./streams-member-script.ts";

export const lifeTopics = ["a-orders", "b-clicks", "topic"] as const;
export const lifeGroups = ["one", "two", "share", "app"] as const;

const dayMs = 86_400_000;

/** Which of the groups, and which of three topics, members or ways. */
export interface LifeChoice {
  readonly groupId: string;
  readonly choice: number;
}

interface Member {
  readonly memberId: string;
  readonly epoch: number;
  readonly owned: ConsumerBeat["topicPartitions"];
}

const subscriptions: readonly Partial<ConsumerBeat>[] = [
  { subscribedTopicNames: ["a-orders"], subscribedTopicRegex: "" },
  { subscribedTopicNames: [], subscribedTopicRegex: "[ab]-.*" },
  { subscribedTopicNames: ["b-clicks"], subscribedTopicRegex: "" },
];
const subscription = encodeVersioned(consumerProtocolSubscription, 1, {
  topics: ["a-orders"],
  ownedPartitions: [],
});
const assignment = encodeVersioned(consumerProtocolAssignment, 1, {
  assignedPartitions: [{ topic: "a-orders", partitions: [0] }],
});

/** What can happen to groups of all kinds, a step at a time. */
export class GroupLife {
  readonly #world: CoordinatorWorld;
  readonly #members = new Map<string, Member>();
  #joinCount = 0;

  constructor(world: CoordinatorWorld) {
    this.#world = world;
    world.topics.set("a-orders", 3);
    world.topics.set("b-clicks", 2);
  }

  /** A member joins, or tells all about itself anew, or goes on; the third has a seat. */
  async consumer({ groupId, choice }: LifeChoice): Promise<void> {
    const memberId = `m${choice}`;
    const instanceId = choice === 2 ? "seat" : null;
    const known = this.#members.get(`${groupId}/${memberId}`);
    const joins = known === undefined || choice === 0;
    if (joins) this.#joinCount++;
    const rackId = `rack ${this.#joinCount}`;
    const next = { rackId, ...subscriptions[(this.#joinCount >> 1) % 3] };
    const beat = joins
      ? joinConsumerBeat(memberId, null, { groupId, instanceId, ...next })
      : laterConsumerBeat(memberId, known.epoch, { groupId, instanceId });
    const owned = joins ? [] : known.owned;
    const answer = await this.#beat({ ...beat, topicPartitions: owned });
    const epoch = answer.memberEpoch;
    this.#keep(`${groupId}/${memberId}`, answer.errorCode, {
      memberId,
      epoch,
      owned: answer.assignment?.topicPartitions ?? owned,
    });
  }

  async consumerLeaves({ groupId, choice }: LifeChoice): Promise<void> {
    const memberId = `m${choice}`;
    if (!this.#members.delete(`${groupId}/${memberId}`)) return;
    const [epoch, instanceId] = choice === 2 ? [-2, "seat"] : [-1, null];
    await this.#beat(laterConsumerBeat(memberId, epoch, { groupId, instanceId }));
  }

  /** A member of the classic protocol joins, and syncs. */
  async classic({ groupId, choice }: LifeChoice): Promise<void> {
    const { platform, groups } = this.#world;
    const place = `${groupId}/classic ${choice}`;
    const groupInstanceId = choice === 2 ? "seat" : null;
    const joining = join(this.#world, {
      groupId,
      groupInstanceId,
      memberId: this.#members.get(place)?.memberId ?? "",
      sessionTimeoutMs: 60_000,
      rebalanceTimeoutMs: 1000,
      protocols: [{ name: "range", metadata: subscription }],
    });
    await platform.advance(1100);
    const { errorCode, memberId, generationId, members } = await this.#world.ask(joining);
    this.#keep(place, errorCode, { memberId, epoch: generationId, owned: [] });
    if (errorCode !== 0) return;
    const syncing = groups.classic.sync({
      groupId,
      groupInstanceId,
      generationId,
      memberId,
      protocolType: "consumer",
      protocolName: "range",
      assignments: new Map(members.map((member) => [member.memberId, assignment])),
    });
    await platform.advance(70_000);
    await this.#world.ask(syncing);
  }

  async classicLeaves({ groupId, choice }: LifeChoice): Promise<void> {
    const place = `${groupId}/classic ${choice}`;
    const known = this.#members.get(place);
    if (known === undefined) return;
    this.#members.delete(place);
    const groupInstanceId = choice === 2 ? "seat" : null;
    const leaving = [{ memberId: known.memberId, groupInstanceId }];
    await this.#world.ask(this.#world.groups.classic.leave(groupId, leaving));
  }

  async share({ choice }: LifeChoice): Promise<void> {
    const known = this.#members.get(`share ${choice}`);
    await this.#shareBeat(choice, known?.epoch ?? 0);
    await this.#world.platform.advance(10);
  }

  async shareLeaves({ choice }: LifeChoice): Promise<void> {
    if (this.#members.has(`share ${choice}`)) await this.#shareBeat(choice, -1);
  }

  async streams({ choice }: LifeChoice): Promise<void> {
    await this.#streamsBeat(choice, this.#members.get(`streams ${choice}`)?.epoch ?? 0);
  }

  async streamsLeaves({ choice }: LifeChoice): Promise<void> {
    if (this.#members.has(`streams ${choice}`)) await this.#streamsBeat(choice, -1);
  }

  async commits({ groupId, choice }: LifeChoice): Promise<void> {
    await this.#world.ask(
      this.#world.groups.offsets.commit(this.#commit("plain", { groupId, choice })),
    );
  }

  /** A transaction that commits an offset is committed, aborted, or left open. */
  async transaction({ groupId, choice }: LifeChoice): Promise<void> {
    const { platform, groups, transactions } = this.#world;
    const transactionalId = `tx${choice % 2}`;
    const producer = await this.#world.ask(
      transactions.initProducerId(transactionalId, { timeoutMs: 600_000, expected: undefined }),
    );
    await platform.advance(100);
    const committing = groups.offsets.commitInTransaction(
      this.#commit("transactional", { groupId, choice }),
      { ...producer, transactionalId, operation: "addPartition" },
    );
    await this.#world.ask(committing);
    if (choice === 2) return;
    const result = choice === 0 ? "commit" : "abort";
    const end = { ...producer, transactionalId, clientTransactionVersion: 2 as const, result };
    await this.#world.ask(transactions.endTransaction({ ...end, result }));
    await platform.advance(100);
  }

  async deletesOffsets({ groupId, choice }: LifeChoice): Promise<void> {
    const places = [{ groupId, topic: lifeTopics[choice], partition: 0 }];
    await this.#world.ask(this.#world.groups.offsets.delete(groupId, places));
  }

  async deletesGroup({ groupId }: LifeChoice): Promise<void> {
    await this.#world.ask(this.#world.groups.delete(groupId));
  }

  async expires({ choice }: LifeChoice): Promise<void> {
    if (choice === 0) await this.#world.platform.advance(8 * dayMs);
    await this.#world.ask(this.#world.groups.offsets.expire());
  }

  async topicGoes({ choice }: LifeChoice): Promise<void> {
    const { topics, groups } = this.#world;
    const name = lifeTopics[choice];
    const topicId = topics.topicId(name);
    if (topicId === undefined) return;
    topics.delete(name);
    await this.#world.ask(groups.topicDeleted({ name, topicId }));
  }

  async topicGrows({ choice }: LifeChoice): Promise<void> {
    const name = lifeTopics[choice];
    this.#world.topics.set(name, (this.#world.topics.partitionCount(name) ?? 0) + 1);
  }

  async timePasses({ choice }: LifeChoice): Promise<void> {
    await this.#world.platform.advance([1000, 20_000, 60_000][choice]);
  }

  #keep(place: string, errorCode: number, member: Member): void {
    if (errorCode === 0 && member.epoch >= 0) this.#members.set(place, member);
    else this.#members.delete(place);
  }

  #beat(beat: ConsumerBeat) {
    return this.#world.ask(this.#world.groups.consumer.heartbeat(arrived(beat), 1, client));
  }

  #commit(kind: "plain" | "transactional", { groupId, choice }: LifeChoice) {
    const offset = this.#world.platform.clock.wallMs();
    const request = commitRequest({ kind, groupId, offset });
    return { ...request, offsets: [{ ...request.offsets[0], topic: lifeTopics[choice] }] };
  }

  async #shareBeat(choice: number, memberEpoch: number): Promise<void> {
    const memberId = `s${choice}`;
    const subscribedTopicNames = memberEpoch === 0 ? [lifeTopics[choice]] : null;
    const message = shareGroupHeartbeatApi.request;
    const beat = { groupId: "share", memberId, memberEpoch, rackId: null, subscribedTopicNames };
    const request = decodeMessage(message, 1, encodeMessage(message, 1, beat));
    const answer = await this.#world.ask(this.#world.groups.share.heartbeat(request, client));
    const member = { memberId, epoch: answer.memberEpoch, owned: [] };
    this.#keep(`share ${choice}`, answer.errorCode, member);
  }

  async #streamsBeat(choice: number, epoch: number): Promise<void> {
    const memberId = `t${choice}`;
    const topology = [subtopology("0", { sources: ["a-orders"] })];
    const beat = epoch === 0 ? joinBeat(memberId, topology) : laterBeat(memberId, epoch);
    const message = streamsGroupHeartbeatRequest;
    const request = decodeMessage(message, 0, encodeMessage(message, 0, beat));
    const outcome = await this.#world.ask(this.#world.groups.streams.heartbeat(request, client));
    const { errorCode, memberEpoch } = outcome.response;
    this.#keep(`streams ${choice}`, errorCode, { memberId, epoch: memberEpoch, owned: [] });
  }
}
