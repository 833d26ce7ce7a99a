import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ClusterError, connect, type KafkaClient, StreamsApp } from "millrace";
import { expect, test } from "vitest";

import { loadLines } from "../../examples/word-count/src/load-lines.ts";
import {
  countsTopic,
  linesTopic,
  wordCountTopology,
  wordsOf,
} from "../../examples/word-count/src/topology.ts";
import { watchCounts } from "../../examples/word-count/src/watch-counts.ts";
import { type ApacheKafka, missingFor, startApacheKafka } from "./apache-kafka.ts";
import { Seen } from "./seen.ts";

const missing = missingFor("java");
const note = missing === undefined ? "" : ` (skipped: ${missing})`;
const timeoutMs = 300_000;
const lineCount = 30_000;
const partitionCount = 4;

/** Lines of a few words each; some words are in most lines, most in few. */
function textOf(count: number): readonly string[] {
  return Array.from({ length: count }, (_, line) => {
    const words = ["the", `word-${line % 7}`, `word-${line % 101}`, `word-${(line * 31) % 997}`];
    return words.join(" ");
  });
}

function plainCounts(lines: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const word of lines.flatMap(wordsOf)) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function wordCountOf(lines: readonly string[]): number {
  return lines.reduce((sum, line) => sum + wordsOf(line).length, 0);
}

/** The newest count of each word, as a reader of committed records sees it. */
class CountTable {
  readonly counts = new Map<string, number>();
  /** Words whose count did not grow by what was told: there is none if all is counted once. */
  readonly shrunk: string[] = [];
  readonly #seen = new Seen();
  #sum = 0;

  set(word: string, count: number): void {
    const before = this.counts.get(word) ?? 0;
    if (count <= before) this.shrunk.push(`${word}: ${before}, then ${count}`);
    this.counts.set(word, count);
    this.#sum += count - before;
    this.#seen.changed();
  }

  reached(wordCount: number): Promise<void> {
    return this.#seen.until(() => this.#sum >= wordCount);
  }
}

/** A transaction that the cluster aborted is no failure: what is committed shows where to go on. */
async function load(
  client: KafkaClient,
  lines: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    try {
      return await loadLines(client, lines, signal);
    } catch (error) {
      const isAborted = error instanceof ClusterError && error.code === "TRANSACTION_ABORTED";
      if (!isAborted) throw error;
    }
  }
}

async function createTopics(client: KafkaClient): Promise<void> {
  const results = await client.admin.createTopics(
    [linesTopic, countsTopic].map((name) => ({ name, partitionCount, replicationFactor: 3 })),
  );
  for (const { error } of results) expect(error).toBeUndefined();
}

/** One third before, one while a node is killed and away, one while it comes back. */
async function countThroughAKill(
  kafka: ApacheKafka,
  client: KafkaClient,
  table: CountTable,
): Promise<void> {
  const lines = textOf(lineCount);
  const [first, second] = [lines.slice(0, lineCount / 3), lines.slice(0, (lineCount * 2) / 3)];
  const { signal } = new AbortController();
  await load(client, first, signal);
  await table.reached(wordCountOf(first));

  const loading = load(client, second, signal);
  await table.reached(wordCountOf(first) + 100);
  await kafka.kill(1);
  await loading;
  await table.reached(wordCountOf(second));

  await Promise.all([kafka.revive(1), load(client, lines, signal)]);
  await table.reached(wordCountOf(lines));
  expect(table.counts).toEqual(plainCounts(lines));
  expect(table.shrunk).toEqual([]);
}

test.skipIf(missing !== undefined)(
  `word count on a cluster of three, while one node is killed and revived${note}`,
  { timeout: timeoutMs },
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-word-count-"));
    const stop = new AbortController();
    const table = new CountTable();
    try {
      await using kafka = await startApacheKafka({ nodeCount: 3 });
      await using client = connect({ bootstrapServers: kafka.address });
      await createTopics(client);
      await using app = await StreamsApp.start(wordCountTopology(), {
        applicationId: "word-count",
        cluster: kafka.address,
        stateDirectory: join(folder, "state"),
      });
      const failed = app.closed.then(() => Promise.reject(new Error("the application ended")));
      const watching = watchCounts(
        client,
        ({ word, count }) => table.set(word, count),
        stop.signal,
      );
      await Promise.race([countThroughAKill(kafka, client, table), failed, watching]);
      failed.catch(() => {}); // it ends now
      stop.abort();
      await watching;
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
