import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";

import { Session, type SessionParts } from "./session.ts";

test("a session is of the time at which the group was asked for the seat, however late its answer is read", async () => {
  const platform = memoryPlatform();
  const ends: unknown[] = [];
  const session = new Session({
    context: { platform },
    options: { groupId: "g", sessionTimeoutMs: 9000, heartbeatIntervalMs: 60_000 },
    link: {},
    onRebalance: () => {},
    onEnd: (end: unknown) => ends.push(end),
  } as unknown as SessionParts); // as much of them as is asked for
  const { clock } = platform;
  const [askedMs, askedWallMs] = [clock.monotonicMs(), clock.wallMs()];
  await platform.advance(5000);
  const seat = { memberId: "m", generationId: 1, assignment: Buffer.alloc(0), counts: undefined };
  session.begin({ ...seat, askedMs, askedWallMs });
  expect(session.confirmedMs).toBe(askedWallMs);
  await platform.advance(3900);
  expect(ends).toEqual([]);
  await platform.advance(200);
  expect(ends).toEqual([{ isUnknown: false }]);
});

test("who hears twice while an answer of a former seat comes late goes on at its own pace", async () => {
  const platform = memoryPlatform();
  const asked: number[] = [];
  const answers: (() => void)[] = [];
  const none = (): Promise<void> => Promise.resolve();
  const heartbeat = (request: { readonly groupGenerationId: number }): Promise<void> => {
    asked.push(request.groupGenerationId);
    return new Promise((resolve) => answers.push(resolve));
  };
  const coordinator = { joinGroup: none, syncGroup: none, leaveGroup: none, heartbeat };
  const ready = { coordinator: async () => coordinator };
  const session = new Session({
    context: { platform },
    options: { groupId: "g", heartbeatIntervalMs: 3000 },
    link: { through: (work: (given: unknown) => Promise<void>) => work(ready) },
    onRebalance: () => {},
    onEnd: () => {},
  } as unknown as SessionParts); // as much of them as is asked for
  const { clock } = platform;
  const seat = (generationId: number) => ({
    memberId: "m",
    generationId,
    assignment: Buffer.alloc(0),
    counts: undefined,
    askedMs: clock.monotonicMs(),
    askedWallMs: clock.wallMs(),
  });
  session.begin(seat(1));
  await platform.advance(3100);
  session.begin(seat(2));
  await platform.advance(3100);
  expect(asked).toEqual([1, 2]);
  answers[0]();
  await platform.advance(1);
  session.hear();
  await platform.advance(1);
  expect(asked).toEqual([1, 2]);
  for (let count = 0; count < 30; count++) {
    for (const answer of answers) answer();
    await platform.advance(1000);
  }
  expect(asked.length).toBeGreaterThan(8);
  expect(asked.length).toBeLessThanOrEqual(13);
  session.stop();
});
