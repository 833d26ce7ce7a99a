// Counts the words of this project's own documentation, on a broker that starts with it; read-flags.ts says how.
//
// Kill it whenever you like: the next run with the same --data goes on where this one was.
import { join, relative } from "node:path";

import { ApplicationError, connect, EmbeddedCluster, StreamsApp } from "millrace";

import { loadLines } from "./load-lines.ts";
import { plainView } from "./plain-view.ts";
import { readFlags } from "./read-flags.ts";
import { readText } from "./read-text.ts";
import { OtherTextError, requireSameText } from "./require-same-text.ts";
import { TerminalView } from "./terminal-view.ts";
import { countsTopic, linesTopic, wordCountTopology, wordsOf } from "./topology.ts";
import { watchCounts, type CountChange } from "./watch-counts.ts";

const options = readFlags();
const lines = readText(options.text);
if (lines.length === 0) {
  console.error(`--text ${options.text}: there are no Markdown files with text`);
  process.exit(2);
}
const stop = new AbortController();
process.once("SIGINT", () => stop.abort()).once("SIGTERM", () => stop.abort());

const view = process.stdout.isTTY ? new TerminalView(process.stdout) : plainView;
const wordsInAll = lines.reduce((sum, line) => sum + wordsOf(line).length, 0);
const counts = new Map<string, number>();
let wordsCounted = 0;

const partitionCount = 4;
const stateDirectory = join(options.data, "state");
const cluster = await EmbeddedCluster.start({
  data: join(options.data, "broker"),
  topics: { [linesTopic]: partitionCount, [countsTopic]: partitionCount },
});
const client = connect({ bootstrapServers: cluster.bootstrapServers });
try {
  await requireSameText(client, lines, { partitionCount, signal: stop.signal });
  const app = await StreamsApp.start(wordCountTopology(), {
    applicationId: "word-count",
    cluster, // or "kafka-1:9092,kafka-2:9092": the same program on Apache Kafka
    stateDirectory,
    signal: stop.signal, // closes it
  });
  await showWhatRuns();
  await Promise.all([
    app.closed,
    loadLines(client, lines, stop.signal, (done) => view.loaded(done)),
    watchCounts(client, onChange, stop.signal),
  ]);
} catch (error) {
  if (error instanceof ApplicationError && error.code === "STATE_DIRECTORY_IN_USE") {
    console.error(`${error.message} Here that is: npm start -- --data DIR`);
    process.exitCode = 1;
  } else if (error instanceof OtherTextError) {
    console.error(`${options.data}: ${error.message}`);
    process.exitCode = 1;
  } else if (!stop.signal.aborted) throw error; // an abort is how it ends
} finally {
  stop.abort();
  view.close();
  await client.close();
  await cluster.close();
}

async function showWhatRuns(): Promise<void> {
  const topics = await client.admin.listTopics(stop.signal);
  view.started({
    bootstrapServers: cluster.bootstrapServers,
    topics: topics.filter(({ isInternal }) => !isInternal).map(({ name }) => name),
    stateFolder: relative(process.cwd(), stateDirectory),
    textFolder: options.text,
    linesInAll: lines.length,
    wordsInAll,
  });
}

function onChange(change: CountChange): void {
  wordsCounted += change.count - (counts.get(change.word) ?? 0);
  counts.set(change.word, change.count);
  const table = { counts, wordsCounted };
  view.counted(change, table);
  if (!options["until-done"] || wordsCounted !== wordsInAll || stop.signal.aborted) return;
  view.finished(table);
  stop.abort();
}
