import type { MemberSubscription } from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { cooperativeStickyAssignor } from "./cooperative-sticky-assignor.ts";
import { decodeSubscription, encodeSubscription } from "./consumer-protocol.ts";

type Owned = readonly string[];

/** One to give up what is to move, one to give it; a third where that moves something once more. */
const stepsMax = 4;

function member(
  memberId: string,
  owned: Owned = [],
  { topics = ["t", "u"], generationId = 1 }: Partial<MemberSubscription> = {},
): MemberSubscription {
  const userData = cooperativeStickyAssignor.subscriptionUserData(generationId);
  const ownedPartitions = owned.map(placeOf);
  return { memberId, groupInstanceId: null, topics, userData, ownedPartitions, generationId };
}

function placeOf(name: string): TopicPartition {
  return { topic: name[0], partition: Number(name.slice(1)) };
}

async function shares(
  members: readonly MemberSubscription[],
  counts: Readonly<Record<string, number>>,
): Promise<Readonly<Record<string, Owned>>> {
  const partitionCounts = new Map(Object.entries(counts));
  const assigned = await cooperativeStickyAssignor.assign({ members, partitionCounts });
  return Object.fromEntries(
    [...assigned].map(([memberId, { partitions }]) => [
      memberId,
      partitions.map(({ topic, partition }) => `${topic}${partition}`).toSorted(),
    ]),
  );
}

describe("the cooperative sticky assignor", () => {
  test("gives a newcomer nothing that another one still has, and that when it is given up", async () => {
    const owned = ["t0", "t1", "t2", "t3"];
    const first = await shares([member("a", owned), member("b")], { t: 4 });
    expect(first).toEqual({ a: ["t0", "t1"], b: [] });
    const second = await shares([member("a", first["a"]), member("b")], { t: 4 });
    expect(second).toEqual({ a: ["t0", "t1"], b: ["t2", "t3"] });
  });

  test("lets those who stay keep what they have where one leaves", async () => {
    const left = [member("a", ["t0", "t3"]), member("c", ["t2", "t5"])];
    const given = await shares(left, { t: 6 });
    expect(given["a"]).toEqual(expect.arrayContaining(["t0", "t3"]));
    expect(given["c"]).toEqual(expect.arrayContaining(["t2", "t5"]));
    expect([given["a"].length, given["c"].length]).toEqual([3, 3]);
  });

  test("believes the member of the later generation, and nobody where two of one say the same", async () => {
    const late = member("b", ["t0"], { generationId: 2 });
    const stale = member("a", ["t0"], { generationId: 1 });
    expect(await shares([stale, late], { t: 1 })).toEqual({ a: [], b: ["t0"] });
    const same = member("a", ["t0"], { generationId: 2 });
    expect(await shares([same, late], { t: 1 })).toEqual({ a: [], b: [] });
  });

  test("reads the generation of members that say it in their bytes alone", async () => {
    const old = (memberId: string, generationId: number) => ({
      ...member(memberId, ["t0"], { generationId }),
      generationId: -1,
    });
    expect(await shares([old("a", 4), old("b", 5)], { t: 1 })).toEqual({ a: [], b: ["t0"] });
  });

  test("is as even as subscriptions allow, settles in a few steps, and then stays", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.subarray(["t", "u", "v"], { minLength: 1 }), { minLength: 1, maxLength: 6 }),
        fc.record({ t: fc.nat(9), u: fc.nat(9), v: fc.nat(9) }),
        fc.array(fc.nat(5), { maxLength: 27 }),
        async (topicsOf, counts, dealt) => {
          const names = Object.entries(counts).flatMap(([topic, count]) =>
            Array.from({ length: count }, (_, partition) => `${topic}${partition}`),
          );
          let members = topicsOf.map((topics, index) =>
            member(
              `m${index}`,
              names.filter((name, at) => dealt[at] === index && topics.includes(name[0])),
              { topics },
            ),
          );
          const steps: Readonly<Record<string, Owned>>[] = [];
          for (let step = 0; step < stepsMax; step++) {
            const given = await shares(members, counts);
            steps.push(given);
            const owners = new Map(
              members.flatMap(({ memberId, ownedPartitions }) =>
                ownedPartitions.map(({ topic, partition }) => [`${topic}${partition}`, memberId]),
              ),
            );
            for (const [memberId, own] of Object.entries(given))
              for (const name of own) expect(owners.get(name) ?? memberId).toBe(memberId);
            members = members.map(({ memberId, topics }) =>
              member(memberId, given[memberId], { topics }),
            );
          }
          const last = steps[stepsMax - 1];
          expect(last).toEqual(steps[stepsMax - 2]);
          const all = Object.values(last).flat();
          const read = names.filter((name) => topicsOf.some((topics) => topics.includes(name[0])));
          expect(all.toSorted()).toEqual(read.toSorted());
          for (const [index, topics] of topicsOf.entries())
            for (const own of Object.values(last))
              if (own.some((name) => topics.includes(name[0])))
                expect(own.length - last[`m${index}`].length).toBeLessThan(2);
        },
      ),
    ));

  test("is told what a member has kept, with its generation, in the bytes of Kafka's protocol", () => {
    const { userData, ...told } = member("a", ["t0", "u1", "t2"], { generationId: 7 });
    const bytes = encodeSubscription({ ...told, userData });
    expect([...bytes.subarray(0, 2)]).toEqual([0, 3]);
    expect(decodeSubscription(bytes, told)).toMatchObject({
      generationId: 7,
      userData: Uint8Array.of(0, 0, 0, 7),
      ownedPartitions: ["t0", "t2", "u1"].map(placeOf),
    });
  });
});
