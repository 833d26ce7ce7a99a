import { expect, test } from "vitest";
import type { ConsumerMembership } from "../group/consumer-membership.ts";
import { GroupJoin } from "./group-join.ts";

const partitions = [{ topic: "orders", partition: 0 }];

/** A membership that is in once its join is let through, until it is given up. */
function openJoin() {
  const { promise: joined, resolve: letIn } = Promise.withResolvers<void>();
  const listeners: (() => void)[] = [];
  const membership = {
    isMember: false,
    needsJoin: true,
    generationId: 1,
    onChange: (listener: () => void) => void listeners.push(listener),
    join: async () => {
      await joined;
      membership.isMember = true;
      membership.needsJoin = false;
      return { generationId: 1, partitions, userData: null };
    },
    giveUp: () => {
      Object.assign(membership, { isMember: false, needsJoin: true });
      for (const tell of listeners) tell();
    },
  };
  // The rest of a membership is not asked for.
  const join = new GroupJoin(membership as unknown as ConsumerMembership, () => {});
  join.begin(new AbortController().signal);
  return { join, membership, letIn };
}

test("what the group gave is not taken where the membership is given up before the consumer looks", async () => {
  for (let turns = 0; turns < 6; turns++) {
    const { join, letIn } = openJoin();
    letIn();
    for (let turn = 0; turn < turns; turn++) await Promise.resolve();
    join.giveUp("it was slow");
    await join.ended();
    expect(join.takeOutcome(), `${turns} turns`).toBeUndefined();
    expect([join.isNeeded, join.mayBegin]).toEqual([true, true]);
  }
});

test("what the group gave is there until it is done with", async () => {
  const { join, letIn } = openJoin();
  letIn();
  await join.ended();
  expect(join.takeOutcome()).toBe(partitions);
  join.done(partitions);
  expect(join.takeOutcome()).toBeUndefined();
});
