// What a query from another instance costs the one that is asked, over HTTP/2, beside a bare server of `node:http2` that
// answers the same sizes: `node test/bench/query-http.ts [--rate 1000] [--queries 10000]`. Keys for the most part, windows
// of a key, and now and then a range.
import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

import {
  connect,
  EmbeddedCluster,
  json,
  StreamsApp,
  StreamsBuilder,
  string,
  tumbling,
} from "millrace";

const { values } = parseArgs({
  options: {
    rate: { type: "string", default: "1000" },
    queries: { type: "string", default: "10000" },
  },
});
const records = 20_000;
const keys = 10_000;
const applicationId = "asked";
/** How often it is looked how far something is. */
const lookMs = 50;
const idleMs = 5000;
const folder = await mkdtemp(join(tmpdir(), "millrace-query-http-"));

const bare = await costOfBareServer();
const ours = await costOfApplication();
await rm(folder, { recursive: true });
console.log(`${values.rate} queries a second, the CPU of each, of the process that is asked:`);
console.log(
  `an instance ${ours.toFixed(0)} µs, a bare server ${bare.toFixed(0)} µs: ${(ours / bare).toFixed(2)} times`,
);

async function costOfBareServer(): Promise<number> {
  const answer = JSON.stringify({
    rows: [{ key: "dXNlci0x", value: "AAAAAAAAAAE=" }],
    isLast: true,
  });
  const server = createServer();
  server.on("stream", (stream) => {
    stream.resume().on("end", () => {
      stream.respond({ ":status": 200, "content-type": "application/x-ndjson" });
      stream.end(`${answer}\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // it listens on a port
  const cost = await costOf(`127.0.0.1:${port}`);
  server.close();
  return cost;
}

async function costOfApplication(): Promise<number> {
  const cluster = await EmbeddedCluster.start({
    data: join(folder, "broker"),
    topics: { clicks: 4 },
  });
  const client = connect({ bootstrapServers: cluster.bootstrapServers });
  const producer = client.producer({ key: string(), value: json<{ readonly page: number }>() });
  const sent = Array.from({ length: records }, (_, page) =>
    producer.send({ topic: "clicks", key: `user-${page % keys}`, value: { page } }),
  );
  await Promise.all(sent);
  const builder = new StreamsBuilder();
  let processed = 0;
  const clicks = builder
    .stream("clicks", { key: string(), value: json<{ readonly page: number }>() })
    .peek(() => (processed += 1))
    .groupByKey();
  clicks.count({ store: "counts" });
  clicks.windowedBy(tumbling("1m", { grace: "1h" })).count({ store: "per-minute" });
  const app = await StreamsApp.start(builder.build(), {
    applicationId,
    cluster,
    stateDirectory: join(folder, "state"),
    serve: { port: 0 },
    querySecret: "known to all",
    logLevel: "error",
  });
  const isDone = (): boolean => processed >= records;
  while (!isDone()) await sleep(lookMs);
  const cost = await costOf(app.instances[0].address);
  await app.close();
  await client.close();
  await cluster.close();
  return cost;
}

/** CPU of this process for a query, in microseconds, without what it does when nobody asks. */
async function costOf(address: string): Promise<number> {
  const queries = Number(values.queries);
  const idle = await cpuUntil(sleep(idleMs));
  const words = [address, applicationId, values.rate];
  const asker = fork(new URL("query-asker.ts", import.meta.url), words);
  let answers = 0;
  asker.on("message", (count) => (answers = Number(count)));
  const isLiving = (): boolean => asker.exitCode === null;
  const answered = async (count: number): Promise<void> => {
    const isThere = (): boolean => answers >= count;
    while (!isThere() && isLiving()) await sleep(lookMs);
  };
  await answered(queries); // afterwards all of it is compiled
  const begun = answers;
  const busy = await cpuUntil(answered(begun + queries));
  const count = answers - begun;
  if (!isLiving()) throw new Error(`who asks ${address} ended after ${answers} answers`);
  asker.kill();
  return (busy.microseconds - (idle.microseconds * busy.ms) / idle.ms) / count;
}

async function cpuUntil(end: Promise<void>): Promise<{ microseconds: number; ms: number }> {
  const [begun, beganMs] = [process.cpuUsage(), performance.now()];
  await end;
  const { user, system } = process.cpuUsage(begun);
  return { microseconds: user + system, ms: performance.now() - beganMs };
}
