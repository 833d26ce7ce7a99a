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
import { CoordinatorLogError } from "../../coordinator-log-error.ts";
import { errorCode } from "../../error-code.ts";

const diskFull = new CoordinatorLogError("LOG_UNAVAILABLE", "the disk is full");

/*
 * Model test of a consumer group: members that join, beat, let go, leave, come back to their seat, fall silent, or
 * change what they are subscribed to, while topics come and grow, the disk is full and the coordinator crashes.
 *
 * - CONSUMER-GROUP-2: no partition is with two members, as they believe;
 * - CONSUMER-GROUP-3: left alone, the living members have all partitions of their topics.
 */

interface Member {
  memberId: string;
  readonly instanceId: string | null;
  subscription: Subscription;
  epoch: number;
  isIn: boolean;
  /** It has another subscription, or its last heartbeat was not taken. */
  mustTell: boolean;
  owned: readonly { readonly topicId: string; readonly partitions: readonly number[] }[];
}

type Subscription = Pick<ConsumerBeat, "subscribedTopicNames" | "subscribedTopicRegex">;
const subscriptions: readonly Subscription[] = [
  { subscribedTopicNames: ["a-orders", "b-clicks"], subscribedTopicRegex: "" },
  { subscribedTopicNames: ["a-orders"], subscribedTopicRegex: "" },
  { subscribedTopicNames: [], subscribedTopicRegex: "[ab]-.*" },
];

async function ask(world: CoordinatorWorld, request: ConsumerBeat) {
  return world.ask(world.groups.consumer.heartbeat(arrived(request), 1, client));
}

async function beat(world: CoordinatorWorld, member: Member): Promise<void> {
  const { memberId, instanceId, epoch, subscription } = member;
  const answer = await ask(
    world,
    member.isIn
      ? laterConsumerBeat(memberId, epoch, {
          instanceId,
          topicPartitions: member.owned,
          ...(member.mustTell ? subscription : {}),
        })
      : joinConsumerBeat(memberId, null, {
          instanceId,
          rebalanceTimeoutMs: 300_000,
          ...subscription,
        }),
  );
  member.mustTell = answer.errorCode === errorCode.coordinatorNotAvailable;
  if (member.mustTell) return;
  member.isIn = answer.errorCode === 0;
  if (!member.isIn) {
    member.owned = [];
    return;
  }
  member.epoch = answer.memberEpoch;
  member.owned = answer.assignment?.topicPartitions ?? member.owned;
}

async function leave(world: CoordinatorWorld, member: Member): Promise<void> {
  const { memberId, instanceId } = member;
  if (!member.isIn) return;
  await ask(world, laterConsumerBeat(memberId, instanceId === null ? -1 : -2, { instanceId }));
  // Who comes back to a seat is another process.
  const next = instanceId === null ? memberId : `${memberId}'`;
  Object.assign(member, { isIn: false, owned: [], memberId: next });
}

const ownedOf = (members: readonly Member[]): string[] =>
  members.flatMap(({ owned }) =>
    owned.flatMap(({ topicId, partitions }) => partitions.map((n) => `${topicId}/${n}`)),
  );

type Kind = "beat" | "leave" | "grow" | "come" | "crash" | "silent" | "subscribe";
type Step = readonly [kind: Kind, member: number, choice: number, isDiskFull: boolean];

async function run(world: CoordinatorWorld, steps: readonly Step[]): Promise<void> {
  const counts = new Map([
    ["a-orders", 3],
    ["b-clicks", 2],
  ]);
  for (const [topic, count] of counts) world.topics.set(topic, count);
  const members = [null, null, "seat"].map((instanceId, index): Member => ({
    memberId: `m${index}`,
    instanceId,
    subscription: subscriptions[0],
    epoch: 0,
    isIn: false,
    mustTell: false,
    owned: [],
  }));
  const atMostOnce = () => {
    const owned = ownedOf(members);
    expect(new Set(owned).size, "CONSUMER-GROUP-2").toBe(owned.length);
  };
  for (const [kind, index, choice, isDiskFull] of steps) {
    const member = members[index];
    // Of a seat that is not given back nobody else gets anything before its session is over.
    const isSeatLeft = ["leave", "silent"].includes(kind) && member.instanceId !== null;
    world.logs.refusal = isDiskFull && !isSeatLeft ? diskFull : undefined;
    if (kind === "beat") await beat(world, member);
    else if (kind === "crash") await world.restart();
    else if (kind === "grow") {
      counts.set("a-orders", (counts.get("a-orders") ?? 0) + 1);
      world.topics.set("a-orders", counts.get("a-orders") ?? 0);
    } else if (kind === "come") {
      counts.set("b-views", 2);
      world.topics.set("b-views", 2);
    } else if (kind === "leave") await leave(world, member);
    else if (kind === "silent") {
      // What it had it gives up, as a client does whose session has ended.
      Object.assign(member, { isIn: false, owned: [] });
      for (const ms of [25_000, 25_000]) {
        await world.platform.advance(ms);
        for (const other of members) if (other.isIn) await beat(world, other);
      }
    } else {
      Object.assign(member, { subscription: subscriptions[choice], mustTell: true });
      if (member.isIn) await beat(world, member);
    }
    atMostOnce();
  }
  world.logs.refusal = undefined;
  // Patterns are matched again after ten seconds at the earliest.
  for (let round = 0; round < 10; round++) {
    await world.platform.advance(4_000);
    for (const member of members) {
      await beat(world, member);
      atMostOnce();
    }
  }
  const described = await world.ask(world.groups.consumer.describe("group"));
  expect(described.groupState, JSON.stringify(described)).toBe("Stable");
  const isRead = (topic: string): boolean =>
    members.some(
      ({ subscription: { subscribedTopicNames, subscribedTopicRegex } }) =>
        (subscribedTopicNames ?? []).includes(topic) || subscribedTopicRegex === "[ab]-.*",
    );
  const expected = [...counts].filter(([topic]) => isRead(topic));
  const total = expected.reduce((sum, [, count]) => sum + count, 0);
  expect(ownedOf(members), "CONSUMER-GROUP-3").toHaveLength(total);
}

const kinds: readonly Kind[] = ["leave", "grow", "come", "crash", "silent", "subscribe"];
const step: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom<Kind>("beat", "beat", "beat", "beat", ...kinds),
  fc.nat(2),
  fc.nat(2),
  fc.nat(3).map((chance) => chance === 0),
);

const runs = process.env.MILLRACE_VERIFY === "1" ? 2000 : 60;

test.each(["uniform", "range"])(
  "CONSUMER-GROUP-2, CONSUMER-GROUP-3: with the %s assignor every partition ends up with one member, and never with two",
  { timeout: 900_000 },
  async (assignor) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const world = new CoordinatorWorld({ consumerConfig: { assignors: [assignor] } });
        await run(world, steps);
        world.coordinators.close();
      }),
      { numRuns: runs },
    );
  },
);
