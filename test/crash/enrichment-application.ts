// The example of enrichment by HTTP with exactly-once, broker in the same process: the program that `enrichment.test.ts`
// kills. Its price service lives elsewhere.
//
//   node test/crash/enrichment-application.ts --data DIR --orders N --service URL [--load] [--until-done]
//
// With `--load` it writes customers and orders first. It tells how many orders are committed, and with `--until-done`
// ends with all that came out.
import { join } from "node:path";
import { parseArgs } from "node:util";

import { connect, double, EmbeddedCluster, json, StreamsApp, string } from "millrace";

import { priceLookup } from "../../examples/http-enrichment/src/look-up-price.ts";
import {
  enrichmentTopology,
  topics,
  type Customer,
  type Invoice,
  type Order,
} from "../../examples/http-enrichment/src/topology.ts";
import { engineOfRun } from "./engine-of-run.ts";
import { customersOf, generateOrders } from "./generate-orders.ts";
import type { EnrichmentMessage } from "./messages.ts";
import { partitionCount } from "./partition-count.ts";
import { partitionsOf, readAll } from "./read-topic.ts";

const applicationId = "crash-enrichment";
/** How long is waited for what is committed, at most, before it is told again. */
const lookMs = 20;

const { values: options } = parseArgs({
  options: {
    data: { type: "string", default: "" },
    orders: { type: "string", default: "" },
    service: { type: "string", default: "" },
    load: { type: "boolean", default: false },
    "until-done": { type: "boolean", default: false },
  },
});
const orders = generateOrders(Number(options.orders));
await using cluster = await EmbeddedCluster.start({
  data: join(options.data, "broker"),
  topics: Object.fromEntries(Object.values(topics).map((topic) => [topic, partitionCount])),
  config: { "log.retention.ms": "-1" }, // its records are of 1970
});
await using client = connect({ bootstrapServers: cluster.bootstrapServers });
if (options.load) await load();
await run();

async function load(): Promise<void> {
  const customers = client.producer({ key: string(), value: json<Customer>() });
  const written = customersOf(orders).map(([key, value]) =>
    customers.send({ topic: topics.customers, key, value, timestamp: 0 }),
  );
  await Promise.all(written);
  const ordered = client.producer({ key: string(), value: json<Order>() });
  const sends = orders.map(({ customer, order }, index) =>
    ordered.send({ topic: topics.orders, key: customer, value: order, timestamp: 1 + index }),
  );
  await Promise.all(sends);
}

async function run(): Promise<void> {
  const lookUp = priceLookup(options.service);
  const backoff = { from: "5ms", to: "50ms" } as const;
  const topology = enrichmentTopology({ lookUp, concurrency: 25, timeout: "5s", backoff });
  await using app = await StreamsApp.start(topology, {
    applicationId,
    cluster,
    stateDirectory: join(options.data, "state"),
    storeEngine: engineOfRun(),
    deadLetterTopic: topics.deadLetters,
    cacheBytesMax: 0, // each update of a sum is written: none may be twice, or missing
  });
  const stop = new AbortController();
  void app.closed.then(
    () => stop.abort(),
    (error: unknown) => stop.abort(error),
  );
  const reader = client.openReader({ isolation: "read_committed" });
  try {
    reader.assign(
      [
        ...partitionsOf(topics.invoices, partitionCount),
        ...partitionsOf(topics.deadLetters, partitionCount),
      ].map((partition) => ({
        ...partition,
        offset: 0,
      })),
    );
    for (let count = 0; count < orders.length || !options["until-done"];) {
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
  tell(await outcome());
}

async function outcome(): Promise<EnrichmentMessage> {
  const invoices = await readAll(
    client,
    partitionsOf(topics.invoices, partitionCount),
    json<Invoice>(),
  );
  const spent = await readAll(client, partitionsOf(topics.spent, partitionCount), double());
  const dead = await readAll(
    client,
    partitionsOf(topics.deadLetters, partitionCount),
    json<Order>(),
  );
  return { kind: "outcome", invoices, spent, dead };
}

function tell(message: EnrichmentMessage): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
