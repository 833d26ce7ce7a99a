import { decodeVersioned, encodeVersioned } from "@millrace/protocol";
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
} from "@millrace/protocol/definitions";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  arrived,
  type ConsumerBeat,
  joinConsumerBeat,
  laterConsumerBeat,
} from "../../../../test-support/consumer-member-script.ts";
import { CoordinatorWorld } from "../../../../test-support/coordinator-world.ts";
import { client } from "../../../../test-support/group-client.ts";
import { commitRequest, joinRequest } from "../../../../test-support/group-member-script.ts";
import { errorCode } from "../../error-code.ts";
import type { JoinGroupAnswer } from "../classic/group-answers.ts";

/*
 * Model test of a group whose members go from one protocol to the other and back, one after the other, while the broker
 * dies: it becomes a consumer group and a classic one again, in any state.
 *
 * - CONSUMER-GROUP-2: no partition is with two members, as they believe;
 * - CONSUMER-GROUP-3: left alone, the living members have all partitions, whatever the group is by then;
 * - GROUP-9: an acknowledged commit is there after a crash.
 */

const topic = "orders";
const partitions = [0, 1, 2, 3, 4];
const sessionTimeoutMs = 10_000;

class Member {
  readonly instanceId: string | null;
  readonly name: string;
  protocol: "classic" | "consumer" = "classic";
  memberId = "";
  /** Of the classic protocol: the answer to its join, until it has to join again. */
  joined: JoinGroupAnswer | undefined;
  isSynced = false;
  /** Of the other one; 0: it is not in. */
  epoch = 0;
  owned: readonly number[] = [];
  isAlive = true;
  /** It waits for an answer. */
  isBusy = false;
  #count = 0;

  constructor(name: string, instanceId: string | null) {
    this.name = name;
    this.instanceId = instanceId;
  }

  /** Another process, which knows nothing of the one before. */
  begin(protocol: Member["protocol"]): void {
    const memberId = protocol === "classic" ? "" : `${this.name} ${++this.#count}`;
    Object.assign(this, { protocol, memberId, isAlive: true });
    this.lose();
  }

  lose(): void {
    Object.assign(this, { joined: undefined, isSynced: false, epoch: 0, owned: [] });
  }
}

class Model {
  readonly world = new CoordinatorWorld({
    syncMs: 3,
    consumerConfig: { sessionTimeoutMs, assignors: ["range"] },
  });
  readonly members = [new Member("a", null), new Member("b", null), new Member("c", "seat")];
  readonly committed = new Map<number, number>();
  /** Members of the classic protocol keep what they have while they join again. */
  readonly #keeps: boolean;
  #life = 0;

  constructor(keeps: boolean) {
    this.#keeps = keeps;
    this.world.topics.set(topic, partitions.length);
  }

  /** What a member does next; it may have to wait for the others. */
  async step(member: Member): Promise<void> {
    if (!member.isBusy && member.isAlive) {
      const life = this.#life;
      const isCurrent = () => life === this.#life;
      member.isBusy = true;
      const act = member.protocol === "classic" ? this.#classic(member) : this.#consumer(member);
      void act.then((take) => {
        if (!isCurrent()) return;
        member.isBusy = false;
        take();
      });
    }
    await this.world.platform.advance(5);
    const owned = this.members.flatMap((one) => one.owned);
    expect(new Set(owned).size, "CONSUMER-GROUP-2").toBe(owned.length);
  }

  async leave(member: Member): Promise<void> {
    const { memberId, instanceId, epoch, protocol } = member;
    if (member.isBusy) return;
    member.isAlive = false;
    member.lose();
    // A static one keeps its seat, for which the classic protocol has no word.
    if (protocol === "consumer" && epoch > 0) {
      const way = instanceId === null ? -1 : -2;
      await this.world.ask(this.#beat(laterConsumerBeat(memberId, way, { instanceId })));
    } else if (protocol === "classic" && memberId !== "" && instanceId === null)
      await this.world.ask(
        this.world.groups.classic.leave("group", [{ memberId, groupInstanceId: null }]),
      );
  }

  /** It stops without a word. Others hear of it once its session is over. */
  async die(member: Member): Promise<void> {
    if (member.isBusy) return;
    member.isAlive = false;
    member.lose();
    for (let ms = 0; ms < 12_000; ms += 2_000) await this.#pass(2_000);
  }

  async commit({ memberId, instanceId, joined, epoch, owned, protocol }: Member): Promise<void> {
    if (owned.length === 0) return;
    const [partition] = owned;
    const offset = (this.committed.get(partition) ?? 0) + 1;
    const generationId = protocol === "classic" ? (joined?.generationId ?? -1) : epoch;
    const request = commitRequest({ kind: "plain", offset, partition, generationId, memberId });
    const codes = await this.world.ask(
      this.world.groups.offsets.commit({ ...request, groupInstanceId: instanceId }),
    );
    if (typeof codes !== "number" && codes[0] === 0) this.committed.set(partition, offset);
  }

  async crash(kept: number): Promise<void> {
    this.#life++;
    await this.world.restart(kept);
    for (const member of this.members) {
      member.isBusy = false;
      // Who waited for an assignment has had none.
      if (!member.isSynced) member.joined = undefined;
    }
    for (const [partition, offset] of this.committed) {
      const places = [{ topic: "topic", topicId: "AAAAAAAAAAAAAAAAAAAAAA", partition }];
      const request = { groupId: "group", places, requireStable: false, member: null };
      const found = await this.world.ask(this.world.groups.offsets.fetch(request));
      expect(found, "GROUP-9").toMatchObject([{ offset }]);
    }
  }

  async settle(): Promise<void> {
    for (const member of this.members) if (!member.isAlive) member.begin(member.protocol);
    for (let ms = 0; ms < 120_000; ms += 2_000) await this.#pass(2_000);
    const owned = this.members.flatMap((one) => one.owned).toSorted();
    expect(owned, `CONSUMER-GROUP-3 ${JSON.stringify(this.members)}`).toEqual(partitions);
    this.world.coordinators.close();
  }

  async #pass(ms: number): Promise<void> {
    for (const member of this.members) await this.step(member);
    await this.world.platform.advance(ms);
  }

  #beat(beat: ConsumerBeat) {
    return this.world.groups.consumer.heartbeat(arrived(beat), 1, client);
  }

  async #consumer(member: Member): Promise<() => void> {
    const { memberId, instanceId, epoch, owned } = member;
    const topicId = this.world.topics.topicId(topic) ?? "";
    const topicPartitions = owned.length === 0 ? [] : [{ topicId, partitions: [...owned] }];
    const beat =
      epoch > 0
        ? laterConsumerBeat(memberId, epoch, { instanceId, topicPartitions })
        : joinConsumerBeat(memberId, [topic], { instanceId, rebalanceTimeoutMs: 300_000 });
    const answer = await this.#beat(beat);
    return () => {
      if (answer.errorCode !== 0) return member.lose();
      member.epoch = answer.memberEpoch;
      const given = answer.assignment?.topicPartitions.flatMap((one) => one.partitions);
      member.owned = given ?? member.owned;
    };
  }

  async #classic(member: Member): Promise<() => void> {
    const { memberId, instanceId: groupInstanceId, joined, owned } = member;
    const { classic } = this.world.groups;
    const groupId = "group";
    if (joined === undefined) {
      const metadata = encodeVersioned(consumerProtocolSubscription, 1, {
        topics: [topic],
        ownedPartitions: owned.length === 0 ? [] : [{ topic, partitions: [...owned] }],
      });
      const protocols = [{ name: "range", metadata }];
      const request = joinRequest({ memberId, groupInstanceId, sessionTimeoutMs, protocols });
      const answer = await classic.join(request);
      return () => {
        if (answer.errorCode === 0) member.joined = answer;
        if (answer.errorCode === 0 || answer.errorCode === errorCode.memberIdRequired)
          member.memberId = answer.memberId;
        this.#refused(member, answer.errorCode);
      };
    }
    const { generationId, protocolType, protocolName } = joined;
    const own = { groupId, groupInstanceId, generationId, memberId };
    if (member.isSynced) {
      const code = await classic.heartbeat(own);
      return () => this.#refused(member, code);
    }
    const assignments = assignmentsOf(joined);
    const answer = await classic.sync({ ...own, protocolType, protocolName, assignments });
    return () => {
      this.#refused(member, answer.errorCode);
      if (answer.errorCode !== 0) return;
      const { assignedPartitions } = decodeVersioned(consumerProtocolAssignment, answer.assignment);
      const given = new Set(assignedPartitions.flatMap((one) => one.partitions));
      member.owned = [...given];
      // Others are given what it has given up once it has joined again.
      if (owned.every((partition) => given.has(partition))) member.isSynced = true;
      else member.joined = undefined;
    };
  }

  /** It has to join again: with what it has, where it keeps that and the group has not gone on without it. */
  #refused(member: Member, code: number): void {
    if (code === errorCode.none || code === errorCode.memberIdRequired) return;
    const { owned } = member;
    member.lose();
    if (code === errorCode.rebalanceInProgress && this.#keeps) member.owned = owned;
    if (code === errorCode.unknownMemberId || code === errorCode.fencedInstanceId)
      member.memberId = "";
  }
}

/** By the leader: what another member still has is given to nobody. */
function assignmentsOf({ members }: JoinGroupAnswer): Map<string, Uint8Array> {
  const owners = new Map<number, string>();
  for (const { memberId, metadata } of members)
    for (const owned of decodeVersioned(consumerProtocolSubscription, metadata).ownedPartitions)
      for (const partition of owned.partitions) owners.set(partition, memberId);
  return new Map(
    members.map(({ memberId }, index) => {
      const share = partitions.filter(
        (one) => one % members.length === index && (owners.get(one) ?? memberId) === memberId,
      );
      const assignedPartitions = [{ topic, partitions: share }];
      return [memberId, encodeVersioned(consumerProtocolAssignment, 1, { assignedPartitions })];
    }),
  );
}

const kinds = ["step", "change", "leave", "die", "commit", "crash"] as const;
const step = fc.record({
  kind: fc.constantFrom("step", "step", "step", ...kinds),
  index: fc.nat(2),
  choice: fc.nat(2),
});
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

async function take(model: Model, { kind, index, choice }: Step): Promise<void> {
  const member = model.members[index];
  if (kind === "crash") return model.crash(choice);
  if (kind !== "change") return model[kind](member);
  if (member.isAlive) await model.leave(member);
  if (!member.isBusy) member.begin(member.protocol === "classic" ? "consumer" : "classic");
}

/** Each step as the first letter of its kind, and the member. */
function stepsIn(text: string): Step[] {
  return text.split(" ").map((word) => ({
    kind: kinds.find((kind) => kind.startsWith(word[0])) ?? "step",
    index: Number(word[1]),
    choice: 0,
  }));
}
const runs = process.env["MILLRACE_VERIFY"] === "1" ? 2000 : 12;

test.each([
  { how: "give up what they have", known: ["d0 c0 c1 s0 c0", "l2 d0 c2 s2 c2 s2 s2"] },
  { how: "keep what they have", known: ["s2 s2 s0 s0 s2 s2 c0", "d2 c2 s2 c2 s2 s2"] },
])(
  "CONSUMER-GROUP-2, CONSUMER-GROUP-3, GROUP-9: members that $how while they join change their protocol, one after the other, while the broker dies",
  { timeout: 900_000 },
  async ({ how, known }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
        const model = new Model(how.startsWith("keep"));
        for (const one of steps) await take(model, one);
        await model.settle();
      }),
      { numRuns: runs, examples: known.map((text) => [stepsIn(text)]) },
    );
  },
);
