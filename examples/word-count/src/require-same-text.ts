import { string, type ClusterClient } from "millrace";

import { committedBatches } from "./committed-batches.ts";
import { linesTopic } from "./topology.ts";

/** The text is not the one that an earlier run has begun to count. */
export class OtherTextError extends Error {
  constructor(index: number) {
    super(
      `another text was counted there: its line ${index + 1} is another one than now. Remove that folder, or start with another one: npm start -- --data DIR`,
    );
  }
}

/**
 * What an earlier run has counted is part of the table: of another text it would never be the table of this one.
 *
 * @throws OtherTextError
 */
export async function requireSameText(
  client: ClusterClient,
  lines: readonly string[],
  { partitionCount, signal }: { readonly partitionCount: number; readonly signal: AbortSignal },
): Promise<void> {
  const text = string();
  const counts = Array.from({ length: partitionCount }, () => 0);
  const topic = { topic: linesTopic, partitionCount };
  for await (const batch of committedBatches(client, topic, signal))
    while (batch.next()) {
      // The loader has them go round the partitions.
      const index = counts[batch.partition]++ * partitionCount + batch.partition;
      const line = batch.value && text.deserialize(batch.value, linesTopic);
      if (line !== lines.at(index)) throw new OtherTextError(index);
    }
}
