import type { ClusterClient } from "millrace";

import { committedBatches } from "./committed-batches.ts";
import { linesTopic } from "./topology.ts";

const linesPerTransaction = 500;

/**
 * Writes lines in transactions: each transaction's lines are there as a whole, or not at all. If the process is
 * killed, the next start counts the lines that are committed and goes on with the one after them.
 */
export async function loadLines(
  client: ClusterClient,
  lines: Pick<readonly string[], "length" | "at">,
  signal: AbortSignal,
  onLoaded: (lines: number) => void = () => {},
): Promise<void> {
  const writer = client.openWriter({ transactionalId: "word-count-loader" });
  try {
    await writer.initialize(signal); // ends what a killed loader left open
    await writer.prepare([linesTopic], signal);
    const partitionCount = writer.partitionCount(linesTopic) ?? 1;
    let next = await countCommitted(client, partitionCount, signal);
    onLoaded(next);
    while (next < lines.length) {
      const end = Math.min(next + linesPerTransaction, lines.length);
      writer.begin();
      for (; next < end; next++) {
        const partition = writer.partition(linesTopic, next % partitionCount);
        const value = new TextEncoder().encode(lines.at(next));
        if (!partition.append(Date.now(), null, value, [])) await writer.drained(signal);
      }
      await writer.commit(signal);
      onLoaded(next);
    }
  } finally {
    await writer.close();
  }
}

/** How many lines are there for good. */
async function countCommitted(
  client: ClusterClient,
  partitionCount: number,
  signal: AbortSignal,
): Promise<number> {
  let count = 0;
  for await (const batch of committedBatches(client, { topic: linesTopic, partitionCount }, signal))
    count += batch.remaining;
  return count;
}
