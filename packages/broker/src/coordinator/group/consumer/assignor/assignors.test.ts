import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  assignedGroup,
  type AssignedGroupRow,
} from "../../../../../test-support/assigned-groups.ts";

/** What Apache Kafka 4.3.1's assignors gave in groups made at random. */
const vectors = readFileSync(new URL("assignors.vectors.jsonl", import.meta.url), "utf8")
  .trim()
  .split("\n")
  .map((line): AssignedGroupRow => JSON.parse(line));

test.each(vectors.map((vector, index) => ({ index, assignor: vector.assignor, vector })))(
  "partitions are assigned as Kafka assigns them: group $index, $assignor",
  ({ vector }) => {
    expect(assignedGroup(vector)).toEqual(vector);
  },
);
