// Counts the words of this project's own documentation, on a broker that starts with it.
//
//   npm start                                      prints the counts as they change; Ctrl-C ends it
//   npm start -- --data DIR --until-done           ends when all is counted, and prints the whole table
//   npm start -- --text FOLDER                     counts the Markdown files of another folder
//
// Kill it whenever you like: the next run with the same --data goes on where this one was.
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

import { connect, EmbeddedCluster, StreamsApp } from "millrace";

import { loadLines } from "./load-lines.ts";
import { readText } from "./read-text.ts";
import { countsTopic, linesTopic, wordCountTopology, wordsOf } from "./topology.ts";
import { watchCounts, type CountChange } from "./watch-counts.ts";

const repository = fileURLToPath(new URL("../../..", import.meta.url));
const { values: options } = parseArgs({
  options: {
    data: { type: "string", default: join(repository, "data/word-count") },
    text: { type: "string", default: repository },
    "until-done": { type: "boolean", default: false },
  },
});

const stop = new AbortController();
process.once("SIGINT", () => stop.abort()).once("SIGTERM", () => stop.abort());

const lines = readText(options.text);
const wordsInAll = lines.reduce((sum, line) => sum + wordsOf(line).length, 0);
const table = new Map<string, number>();
let wordsCounted = 0;

await using cluster = await EmbeddedCluster.start({
  data: join(options.data, "broker"),
  topics: { [linesTopic]: 4, [countsTopic]: 4 },
});
await using app = await StreamsApp.start(wordCountTopology(), {
  applicationId: "word-count",
  cluster, // or "kafka-1:9092,kafka-2:9092": the same program on Apache Kafka
  stateDirectory: join(options.data, "state"),
});
await using client = connect({ bootstrapServers: cluster.bootstrapServers });

stop.signal.addEventListener("abort", () => void app.close());
try {
  await Promise.all([
    app.closed,
    loadLines(client, lines, stop.signal),
    watchCounts(client, onChange, stop.signal),
  ]);
} catch (error) {
  if (!stop.signal.aborted) throw error; // an abort is how it ends
} finally {
  stop.abort();
}

function onChange({ word, count, isNew }: CountChange): void {
  wordsCounted += count - (table.get(word) ?? 0);
  table.set(word, count);
  if (isNew) console.log(word, count);
  if (options["until-done"] && wordsCounted === wordsInAll) finish();
}

function finish(): void {
  if (stop.signal.aborted) return;
  console.log();
  const rows = [...table].sort(([left], [right]) => (left < right ? -1 : 1));
  for (const [word, count] of rows) console.log(word, count);
  stop.abort();
}
