// What a second thread gives where callbacks are slow: `node test/bench/threads.ts [--records 160000] [--rounds 3]
// [--callback-us 100]`. The broker is on the same cores.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

import { connect, EmbeddedCluster, StreamsApp, string, type KafkaClient } from "millrace";

import { median } from "./median.ts";

const { values } = parseArgs({
  options: {
    records: { type: "string", default: "160000" },
    rounds: { type: "string", default: "3" },
    "callback-us": { type: "string", default: "100" },
  },
});
const records = Number(values.records);
const callbackUs = Number(values["callback-us"]);
const partitions = 4;

const folder = await mkdtemp(join(tmpdir(), "millrace-threads-"));
const cluster = await EmbeddedCluster.start({
  data: folder,
  topics: { lines: partitions, copies: partitions },
});
const client = connect({ bootstrapServers: cluster.bootstrapServers });
try {
  await load(client);
  const rates = { one: [] as number[], two: [] as number[] };
  for (let round = 1; round <= Number(values.rounds); round++) {
    rates.one.push(await rateOf(1, round));
    rates.two.push(await rateOf(2, round));
    console.log(
      `round ${round}: 1 thread ${rates.one.at(-1)}, 2 threads ${rates.two.at(-1)} records/s`,
    );
  }
  const [one, two] = [median(rates.one), median(rates.two)];
  console.log(
    `${records} records, ${callbackUs} µs each: 1 thread ${one}, 2 threads ${two} records/s`,
  );
  console.log(`2 threads process ${(two / one).toFixed(2)} times as many`);
} finally {
  await client.close();
  await cluster.close();
  await rm(folder, { recursive: true });
}

async function load(own: KafkaClient): Promise<void> {
  const producer = own.producer({ value: string() });
  const sent: Promise<unknown>[] = [];
  for (let index = 0; index < records; index++)
    sent.push(
      producer.send({ topic: "lines", value: `line-${index}`, partition: index % partitions }),
    );
  await Promise.all(sent);
  await producer.close();
}

/** Records a second, from when all tasks run. */
async function rateOf(threads: number, round: number): Promise<number> {
  const app = await StreamsApp.start(new URL("./threads-program.ts", import.meta.url), {
    applicationId: `threads-${threads}-${round}`,
    cluster,
    threads,
    data: { callbackUs },
  });
  const consumed = (): number =>
    app
      .metrics()
      .filter(({ name }) => name === "process-total")
      .reduce((sum, { value }) => sum + value, 0);
  try {
    while (app.threads.some(({ tasks }) => tasks.length !== partitions / threads)) await sleep(10);
    const first = consumed();
    const beginMs = performance.now();
    while (consumed() < records) await sleep(20);
    return Math.round(((records - first) / (performance.now() - beginMs)) * 1000);
  } finally {
    await app.close();
  }
}
