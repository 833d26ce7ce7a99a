// Operators of all kinds that keep state, exactly-once, broker and loader in the same process: the program that
// `kinds.test.ts` kills.
//
//   node test/crash/kinds-application.ts --data DIR --events N [--cache BYTES] [--until-done]
//
// `--events`: how far the inputs are loaded in this run, those included that earlier runs have loaded. It goes on until it
// is killed; with `--until-done` it ends with all that came out.
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

import {
  connect,
  EmbeddedCluster,
  json,
  StreamsApp,
  string,
  type Serde,
  type TopicPartition,
} from "millrace";

import { engineOfRun } from "./engine-of-run.ts";
import { flushOf, generateInputs, type Timed } from "./generate-kinds.ts";
import { inputs, kindsTopology, outputs, type Event } from "./kinds-program.ts";
import type { KindsMessage } from "./messages.ts";
import { partitionCount } from "./partition-count.ts";
import { readOutcome } from "./read-kinds.ts";
import { partitionsOf } from "./read-topic.ts";

const applicationId = "crash-kinds";
const { values: options } = parseArgs({
  options: {
    data: { type: "string", default: "" },
    events: { type: "string", default: "" },
    cache: { type: "string", default: "0" },
    "until-done": { type: "boolean", default: false },
  },
});
const count = Number(options.events);
const generated = generateInputs(count);
const topology = kindsTopology();
const inner = topology
  .subtopologies(applicationId)
  .flatMap(({ repartitionTopics }) => repartitionTopics.map(({ name }) => name));
const topics = [...Object.values(inputs), ...outputs.tables, ...outputs.lists];
await using cluster = await EmbeddedCluster.start({
  data: join(options.data, "broker"),
  topics: Object.fromEntries(topics.map((topic) => [topic, partitionCount])),
  config: { "log.retention.ms": "-1" }, // the events are older than what a topic keeps by default
});
await using client = connect({ bootstrapServers: cluster.bootstrapServers });
await load(inputs.customers, generated.customers, string()); // rows are there before they are asked for
await using app = await StreamsApp.start(topology, {
  applicationId,
  cluster,
  stateDirectory: join(options.data, "state"),
  storeEngine: engineOfRun(),
  cacheBytesMax: Number(options.cache),
});
const group = client.openMembership({ groupId: applicationId, assignors: [], topics: () => [] });
const stop = new AbortController();
void app.closed.then(
  () => stop.abort(),
  (error: unknown) => stop.abort(error),
);
await load(inputs.events, generated.events, json<Event>());
await load(inputs.payments, generated.payments, json<Event>());
do await untilProcessed();
while (!options["until-done"]);
await flush();
await app.close();
tell({ kind: "outcome", outcome: await readOutcome(client) });

/** Lets results out that wait for time to go on: events first, since what waits for payments waits by their time. */
async function flush(): Promise<void> {
  const flushes = [0, 1].map((days) => flushOf(count, days));
  const events = [...generated.events, ...flushes[0]];
  await load(inputs.events, events, json<Event>());
  await untilProcessed();
  await load(inputs.payments, [...generated.payments, ...flushes[0]], json<Event>());
  await untilProcessed();
  await sleep(1200, undefined, { signal: stop.signal }); // results of windows that have closed leave once a second
  await load(inputs.events, [...events, ...flushes[1]], json<Event>());
  await untilProcessed();
}

async function untilProcessed(): Promise<void> {
  for (;;) {
    stop.signal.throwIfAborted();
    await sleep(50, undefined, { signal: stop.signal });
    const partitions = [...Object.values(inputs), ...inner].flatMap((topic) =>
      partitionsOf(topic, partitionCount).map((one) => ({ ...one, at: "latest" as const })),
    );
    const ends = await client.admin.listOffsets(partitions, { isolation: "read_committed" });
    const committed = new Map(
      (await group.committed(ends)).map((one) => [nameOf(one), one.offset] as const),
    );
    const left = ends.reduce(
      (sum, end) => sum + Math.max(0, end.offset - (committed.get(nameOf(end)) ?? 0)),
      0,
    );
    tell({ kind: "left", left, restored: restoredCount() });
    if (left === 0) return;
  }
}

function nameOf({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`;
}

/** Writes what is not there yet of each partition. */
async function load<V>(topic: string, all: readonly Timed<V>[], serde: Serde<V>): Promise<void> {
  const ends = await client.admin.listOffsets(
    partitionsOf(topic, partitionCount).map((one) => ({ ...one, at: "latest" as const })),
  );
  const producer = client.producer({ key: string(), value: serde });
  const sends = [...Map.groupBy(all, ({ partition }) => partition)].flatMap(([partition, own]) =>
    own.slice(ends[partition].offset).map((one) => producer.send({ topic, ...one })),
  );
  await Promise.all(sends);
  await producer.close();
}

/** Records that were replayed from changelogs since the start. */
function restoredCount(): number {
  return app
    .metrics()
    .filter(({ name }) => name === "restore-records-total")
    .reduce((sum, { value }) => sum + value, 0);
}

function tell(message: KindsMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
