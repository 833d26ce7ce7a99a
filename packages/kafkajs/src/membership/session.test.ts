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
