// Word count of generated lines with exactly-once, broker and loader in the same process: the program that
// `crash.test.ts` kills.
//
//   node test/crash/application.ts --data DIR --lines N [--until-done]
//
// `--lines`: how far the lines are loaded in this run, those included that earlier runs have loaded.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

import { connect, EmbeddedCluster, StreamsApp, type ClusterClient } from "millrace";

import { loadLines } from "../../examples/word-count/src/load-lines.ts";
import {
  countsTopic,
  linesTopic,
  wordCountTopology,
  wordsOf,
} from "../../examples/word-count/src/topology.ts";
import { watchCounts } from "../../examples/word-count/src/watch-counts.ts";
import { engineOfRun } from "./engine-of-run.ts";
import { generateLines, lineAt } from "./generate-lines.ts";
import { sumOf, type Message, type Offsets } from "./messages.ts";
import { partitionCount } from "./partition-count.ts";

const applicationId = "crash-count";
/** How often the committed offsets are looked at. */
const lookMs = 20;

const { values: options } = parseArgs({
  options: {
    data: { type: "string" },
    lines: { type: "string" },
    "until-done": { type: "boolean", default: false },
  },
});
if (options.data === undefined) throw new Error("say where: --data DIR");
const stop = new AbortController();

// Made as they are loaded: a start does not wait for lines that are there.
const lineCount = Number(options.lines);
await using cluster = await EmbeddedCluster.start({
  data: join(options.data, "broker"),
  topics: { [linesTopic]: partitionCount, [countsTopic]: partitionCount },
});
await using app = await StreamsApp.start(wordCountTopology(), {
  applicationId,
  cluster,
  stateDirectory: join(options.data, "state"),
  storeEngine: engineOfRun(),
});
await using client = connect({ bootstrapServers: cluster.bootstrapServers });

const ended = app.closed.then(() => stop.abort()); // an application that fails ends all
try {
  await Promise.all([
    ended,
    loadLines(client, { length: lineCount, at: lineAt }, stop.signal),
    tellOffsets(client, stop.signal),
    ...(options["until-done"] ? [tellCounts(client, stop.signal)] : []),
  ]);
} catch (error) {
  if (!stop.signal.aborted) throw error;
}

/** Tells the committed offsets whenever they have moved. */
async function tellOffsets(client: ClusterClient, signal: AbortSignal): Promise<void> {
  const group = client.openMembership({ groupId: applicationId, assignors: [], topics: () => [] });
  const partitions = [linesTopic, `${applicationId}-counts-repartition`].flatMap((topic) =>
    Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition })),
  );
  let last: Offsets | undefined;
  while (!signal.aborted) {
    const committed = await group.committed(partitions, signal);
    const offsets: Offsets = Object.fromEntries(
      committed.map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset]),
    );
    if (last === undefined) tell({ kind: "running", restored: restoredCount(), offsets });
    else if (sumOf(offsets) > sumOf(last))
      tell({ kind: "committed", restored: restoredCount(), offsets, atMs: Date.now() });
    last = offsets;
    await sleep(lookMs, undefined, { signal });
  }
}

/** Reads the counts until they add up to all words, tells them, and ends the program. */
async function tellCounts(client: ClusterClient, signal: AbortSignal): Promise<void> {
  const lines = generateLines(lineCount);
  const wordsInAll = lines.reduce((sum, line) => sum + wordsOf(line).length, 0);
  const counts = new Map<string, number>();
  let counted = 0;
  await watchCounts(
    client,
    ({ word, count }) => {
      counted += count - (counts.get(word) ?? 0);
      counts.set(word, count);
      if (counted < wordsInAll || stop.signal.aborted) return; // more: something was counted twice
      tell({ kind: "counted", counts: Object.fromEntries([...counts].sort()) });
      stop.abort();
      void app.close();
    },
    signal,
  );
}

/** Records that were replayed from changelogs since the start. */
function restoredCount(): number {
  return app
    .metrics()
    .filter(({ name }) => name === "restore-records-total")
    .reduce((sum, { value }) => sum + value, 0);
}

function tell(message: Message): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
