import type { KafkaClient } from "millrace";

import {
  partitionCount,
  type PlacedProgram,
} from "../../conformance/application/placed-program.ts";
import { readRecords, type ReadRecord } from "./read-records.ts";

/** Each takes about a second, and a task that has moved writes once. */
const attemptsMax = 30;

/** What stands in the topics, each partition in its order. */
export interface Topics {
  readonly left: readonly ReadRecord[];
  readonly right: readonly ReadRecord[];
  readonly table: readonly ReadRecord[];
  readonly counts: readonly ReadRecord[];
  readonly joined: readonly ReadRecord[];
  readonly enriched: readonly ReadRecord[];
  readonly ticks: readonly ReadRecord[];
  /** The changelog of what the timers have yet to tell; empty values: nothing. */
  readonly pending: readonly ReadRecord[];
}

/**
 * As of one moment, however long reading takes: a task that has moved tells what its timers hold after all is processed, and
 * in one topic it would be there already, or still, and in the other not.
 */
export async function readTopics(
  client: KafkaClient,
  { placed, applicationId }: PlacedProgram,
): Promise<Topics> {
  const changelog = `${applicationId}-pending-changelog`;
  const outputs = ["counts", "joined", "enriched", "ticks"].map(placed);
  const isStill = stillness(client, [...outputs, changelog]);
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    await isStill();
    const read = (topic: string) => readRecords(client, placed(topic));
    const topics = {
      left: await read("L"),
      right: await read("R"),
      table: await read("T"),
      counts: await read("counts"),
      joined: await read("joined"),
      enriched: await read("enriched"),
      ticks: await read("ticks"),
      pending: await readRecords(client, changelog),
    };
    if (await isStill()) return topics;
  }
  throw new Error(
    `something was written each time that the topics were read, ${attemptsMax} times`,
  );
}

/** Gives a function that tells whether nothing was written to some topics since it was called last, and nothing is open. */
function stillness(client: KafkaClient, topics: readonly string[]): () => Promise<boolean> {
  const places = topics.flatMap((topic) =>
    Array.from({ length: partitionCount }, (_, partition) => ({
      topic,
      partition,
      at: "latest" as const,
    })),
  );
  const endsFor = async (isolation: "read_committed" | "read_uncommitted"): Promise<string> => {
    const ends = await client.admin.listOffsets(places, { isolation });
    return ends.map(({ offset }) => offset).join(" ");
  };
  let before = "";
  return async () => {
    const ends = await endsFor("read_uncommitted");
    const isSame = ends === before && ends === (await endsFor("read_committed"));
    before = ends;
    return isSame;
  };
}
