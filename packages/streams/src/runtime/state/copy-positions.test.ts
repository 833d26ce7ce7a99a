import { silentLogger } from "@millrace/platform";
import { expect, test } from "vitest";

import type { LoopEnvironment } from "../loop-environment.ts";
import type { ChangelogReading } from "./changelog-reading.ts";
import { CopyPositions } from "./copy-positions.ts";
import { FollowedTask } from "./followed-task.ts";

test("a copy asks the cluster two questions for its position: what is committed, then where its changelogs end", async () => {
  const asked: unknown[] = [];
  const answer = async <Answer>(question: string, given: Answer): Promise<Answer> => {
    asked.push(question);
    return given;
  };
  const input = { topic: "in", partition: 1 };
  const changelog = { topic: "app-counts-changelog", partition: 1 };
  const admin = {
    describeTopics: () => answer("topics", new Map()),
    listOffsets: (places: readonly { at: string }[], { isolation = "" } = {}) =>
      answer(`${isolation} ${places[0].at}`, [{ ...changelog, offset: 9, timestamp: -1 }]),
  };
  const environment = {
    platform: { logger: silentLogger },
    cluster: { admin },
    assignments: { committed: () => answer("committed", [{ ...input, offset: 5 }]) },
    subtopologies: [{ id: 0, sourceTopics: ["in"], sourcePatterns: [] }],
  } as unknown as LoopEnvironment; // as much of it as is asked for
  const task = new FollowedTask({ subtopology: 0, partition: 1 });
  const reading = { name: "app-counts-changelog-1", store: "counts", changelog, position: 8 };
  task.readings = [reading as ChangelogReading];
  task.isPlanned = true;
  const jobs: Promise<void>[] = [];
  const positions = new CopyPositions(environment, {
    signal: new AbortController().signal,
    job: (job) => jobs.push(job),
    sought: () => asked.push("sought"),
  });
  positions.locate(task, ["in"]);
  await Promise.all(jobs);
  expect(asked).toEqual(["committed", "read_uncommitted latest", "sought"]);
  expect(task.isAtSought).toBe(false);
  reading.position = 9;
  expect(task.isAtSought).toBe(true);
});
