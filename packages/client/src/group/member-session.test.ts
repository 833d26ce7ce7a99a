import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";

import { MemberSession, type MemberSessionParts } from "./member-session.ts";

test("who hears twice while an answer of a former seat comes late goes on at its own pace", async () => {
  const platform = memoryPlatform();
  const asked: number[] = [];
  const answers: (() => void)[] = [];
  const call = ({ body }: { readonly body: (version: number) => { generationId: number } }) => {
    asked.push(body(4).generationId);
    const answer = Promise.withResolvers<{ readonly errorCode: number }>();
    answers.push(() => answer.resolve({ errorCode: 0 }));
    return answer.promise;
  };
  const session = new MemberSession({
    context: { platform, coordinators: { find: async () => 1, forgetAfter: () => {} } },
    options: { groupId: "g", heartbeatIntervalMs: 3000 },
    lane: { link: () => ({ call }) },
    background: { begin: (work: Promise<void>) => void work },
    onRebalance: () => {},
    onEnd: () => {},
  } as unknown as MemberSessionParts); // as much of them as is asked for
  const seat = (generationId: number) => ({
    memberId: "m",
    generationId,
    asked: { monotonicMs: platform.clock.monotonicMs(), wallMs: 0 },
    assignment: new Uint8Array(),
    assignedCounts: undefined,
  });
  const pass = (durationMs: number): Promise<void> => platform.advance(durationMs);
  session.begin(seat(1));
  await pass(3100);
  session.begin(seat(2));
  await pass(3100);
  answers[0]();
  await pass(1);
  session.hear();
  await pass(1);
  expect(asked).toEqual([1, 2]);
  for (const answer of answers) answer();
  for (let count = 0; count < 30; count++) {
    await pass(1000);
    for (const answer of answers) answer();
  }
  expect(asked.length).toBeLessThanOrEqual(13);
  session.stop();
});
