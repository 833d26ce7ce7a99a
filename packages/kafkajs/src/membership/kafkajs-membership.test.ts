import { memoryPlatform } from "@millrace/platform/memory";
import type { Kafka, PartitionAssigner } from "kafkajs";
import { expect, test } from "vitest";

import { isHeld } from "../../../platform/test-support/is-held.ts";
import { assignmentBytes } from "./group-bytes.ts";
import { KafkajsMembership, type KafkajsMembershipParts } from "./kafkajs-membership.ts";

const loading = Object.assign(new Error("the coordinator is loading"), { retriable: true });

/** As much of the parts as a member asks for that joins, does not lead and commits. */
function partsWith(offsetCommit: (offset: number) => void) {
  const platform = memoryPlatform();
  const none = async (): Promise<void> => {};
  const seat = { generationId: 1, memberId: "m", leaderId: "other", groupProtocol: "p" };
  const coordinator = {
    joinGroup: async () => seat,
    syncGroup: async () => ({
      memberAssignment: assignmentBytes({ partitions: [], userData: null }),
    }),
    heartbeat: none,
    leaveGroup: none,
    offsetCommit: async ({ topics: [{ partitions }] }: OffsetCommit) =>
      offsetCommit(Number(partitions[0].offset)),
  };
  const cluster = {
    connect: none,
    getNodeIds: () => [0],
    findGroupCoordinator: async () => coordinator,
  };
  const consumer = ({
    partitionAssigners: [look],
  }: {
    partitionAssigners: PartitionAssigner[];
  }) => {
    look({ cluster } as never);
    return { disconnect: none };
  };
  const context = {
    kafka: { consumer } as unknown as Kafka,
    platform,
    requestTimeoutMs: 30_000,
    closeTimeoutMs: 1000,
    closing: new AbortController().signal,
  };
  const options = { groupId: "g", assignors: [], topics: () => ["t"] };
  const parts = { context, options, onClosed: () => {} };
  return { platform, parts: parts as unknown as KafkajsMembershipParts };
}

interface OffsetCommit {
  readonly topics: readonly { readonly partitions: readonly { readonly offset: string }[] }[];
}

test("commits of a member are made in the order of the calls, though an earlier one has to wait, or is given up", async () => {
  const committed: number[] = [];
  let isLoading = true;
  const { platform, parts } = partsWith((offset) => {
    if (isLoading) throw loading;
    committed.push(offset);
  });
  const membership = new KafkajsMembership(parts);
  await membership.join();
  const commit = (offset: number, signal?: AbortSignal): Promise<void> =>
    membership.commit([{ topic: "t", partition: 0, offset }], signal);
  const giving = new AbortController();
  const first = commit(5);
  const given = commit(7, giving.signal);
  await platform.advance(60); // the pause of the first one is longer by now than that of a new one
  const last = commit(10);
  giving.abort(new Error("given up"));
  await expect(given).rejects.toThrow("given up");
  await platform.advance(40);
  isLoading = false;
  await platform.advance(5000);
  await Promise.all([first, last]);
  expect(committed).toEqual([5, 10]);
  await membership.close();
});

test("what became of a commit is held by nobody, however many are made", async () => {
  const refusals: WeakRef<object>[] = [];
  const { parts } = partsWith(() => {
    const refusal = new Error("refused");
    refusals.push(new WeakRef(refusal));
    throw refusal;
  });
  const membership = new KafkajsMembership(parts);
  await membership.join();
  for (let offset = 1; offset <= 2; offset++)
    await membership.commit([{ topic: "t", partition: 0, offset }]).catch(() => {});
  expect(refusals).toHaveLength(2);
  expect(await isHeld(refusals[0])).toBe(false);
  await membership.close();
});
