import { expect, test } from "vitest";
import { commitAsMember } from "./commit-as-member.ts";

const outdated = new Error("outdated");
const other = new Error("other");

/** A member whose first commit is refused as outdated, and what happens to it until it knows more. */
async function committed(
  happens: (member: { generationId: number; lossCount: number; isMember: boolean }) => void,
  refusals: readonly Error[] = [outdated],
) {
  const now = { generationId: 1, lossCount: 0, isMember: true };
  const commits: number[] = [];
  const member = {
    get isMember() {
      return now.isMember;
    },
    get lossCount() {
      return now.lossCount;
    },
    get groupMetadata() {
      return { groupId: "g", memberId: "m", groupInstanceId: null, generationId: now.generationId };
    },
    renew: () => Promise.resolve(happens(now)),
  };
  const refused: boolean[] = [];
  await commitAsMember({
    member,
    commit: ({ generationId }) => {
      commits.push(generationId);
      const refusal = refusals[commits.length - 1];
      return refusal === undefined ? Promise.resolve() : Promise.reject(refusal);
    },
    isOutdated: (error) => error === outdated,
    refusal: (error, isLost) => {
      refused.push(isLost);
      return error;
    },
    signal: undefined,
  }).catch((error: unknown) => expect(error).toBe(refusals.at(-1)));
  return { commits, refused };
}

test("a commit is made again once the group has gone on with the member", async () => {
  expect(await committed((member) => void member.generationId++)).toEqual({
    commits: [1, 2],
    refused: [],
  });
});

test("a commit of partitions that were lost meanwhile is not made again, though the member has joined anew", async () => {
  const rejoined = await committed((member) => {
    member.lossCount++;
    member.generationId += 2;
  });
  expect(rejoined).toEqual({ commits: [1], refused: [true] });
  const gone = await committed((member) => void (member.isMember = false));
  expect(gone).toEqual({ commits: [1], refused: [true] });
});

test("a commit is not made again where the group has not gone on", async () => {
  expect(await committed(() => {})).toEqual({ commits: [1], refused: [false] });
});

test("a commit that is outdated again is refused as the first would be, and not made a third time", async () => {
  const twice = [outdated, outdated];
  expect(await committed((member) => void member.generationId++, twice)).toEqual({
    commits: [1, 2],
    refused: [false],
  });
  expect(await committed((member) => void member.generationId++, [outdated, other])).toEqual({
    commits: [1, 2],
    refused: [],
  });
});
