// The example of dead letters and retry topics, broker in the same process: the program that `retries.test.ts` kills.
//
//   node test/crash/retries-application.ts --data DIR --parcels N [--load] [--until-done]
//
// With `--load` it writes the parcels first. It tells how many are booked or dead for good, and with `--until-done` ends with
// all that came out.
import { join } from "node:path";
import { parseArgs } from "node:util";

import { connect, EmbeddedCluster, json, StreamsApp, string } from "millrace";

import {
  bookingTopology,
  policies,
  topics,
  type Attempt,
  type Booked,
  type Parcel,
} from "../../examples/dead-letters/src/topology.ts";
import { engineOfRun } from "./engine-of-run.ts";
import { bookWith, generateParcels } from "./generate-parcels.ts";
import type { RetriesMessage } from "./messages.ts";
import { partitionCount } from "./partition-count.ts";
import { partitionsOf, readAll } from "./read-topic.ts";

/** How long is waited for what is committed, at most, before it is told again. */
const lookMs = 20;

const { values: options } = parseArgs({
  options: {
    data: { type: "string", default: "" },
    parcels: { type: "string", default: "" },
    load: { type: "boolean", default: false },
    "until-done": { type: "boolean", default: false },
  },
});
const parcels = generateParcels(Number(options.parcels));
await using cluster = await EmbeddedCluster.start({
  data: join(options.data, "broker"),
  topics: Object.fromEntries(
    Object.values(topics)
      .flat()
      .map((topic) => [topic, partitionCount]),
  ),
});
await using client = connect({ bootstrapServers: cluster.bootstrapServers });
const ends = [topics.booked, topics.dead].map((topic) => partitionsOf(topic, partitionCount));
if (options.load) await load();
await run();

async function load(): Promise<void> {
  const producer = client.producer({ key: string(), value: json<Parcel>() });
  const sends = parcels.map(([key, value], timestamp) =>
    producer.send({ topic: topics.parcels, key, value, timestamp }),
  );
  await Promise.all(sends);
}

async function run(): Promise<void> {
  const topology = bookingTopology({
    book: bookWith(Math.random),
    delaysMs: [300, 900],
    checkEvery: "50ms",
  });
  await using app = await StreamsApp.start(topology, {
    applicationId: "crash-retries",
    cluster,
    stateDirectory: join(options.data, "state"),
    storeEngine: engineOfRun(),
    ...policies,
  });
  const stop = new AbortController();
  void app.closed.then(
    () => stop.abort(),
    (error: unknown) => stop.abort(error),
  );
  const reader = client.openReader({ isolation: "read_committed" });
  try {
    reader.assign(ends.flat().map((partition) => ({ ...partition, offset: 0 })));
    for (let count = 0; count < parcels.length || !options["until-done"];) {
      stop.signal.throwIfAborted();
      for (const batch of await reader.poll({ waitMsMax: lookMs, signal: stop.signal })) {
        while (batch.next()) count += 1;
        batch.release();
      }
      tell({ kind: "settled", count });
    }
  } finally {
    await reader.close();
  }
  await app.close();
  const [booked, dead] = ends;
  tell({
    kind: "outcome",
    booked: await readAll(client, booked, json<Booked>()),
    dead: await readAll(client, dead, json<Attempt>()),
  });
}

function tell(message: RetriesMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
