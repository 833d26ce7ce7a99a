// An application that tells Prometheus of itself: prints some of it, or stays (--stay) to be asked.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  connect,
  EmbeddedCluster,
  prometheusText,
  StreamsApp,
  StreamsBuilder,
  string,
} from "millrace";

const isStaying = process.argv.includes("--stay");
const words = { key: string(), value: string() };
const builder = new StreamsBuilder();
builder
  .stream("words", words)
  .mapValues((word) => word.toUpperCase())
  .to("shouts", words);

const folder = mkdtempSync(join(tmpdir(), "millrace-monitoring-"));
const cluster = await EmbeddedCluster.start({
  data: join(folder, "broker"),
  topics: { words: 2, shouts: 2 },
});
const client = connect({ bootstrapServers: cluster.bootstrapServers });
const app = await StreamsApp.start(builder.build(), {
  applicationId: "shouting",
  cluster,
  stateDirectory: join(folder, "state"),
});
const server = createServer((request, response) => {
  if (request.url !== "/metrics") return response.writeHead(404).end();
  response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" });
  return response.end(prometheusText(app.metrics()));
});
server.listen(isStaying ? 9464 : 0, "127.0.0.1");
await once(server, "listening");
try {
  const producer = client.producer(words);
  for (const word of ["good", "morning", "world"])
    await producer.send({ topic: "words", key: word, value: word });
  for await (const { value } of client.consumer({
    topics: ["shouts"],
    autoOffsetReset: "earliest",
  }))
    if (new TextDecoder().decode(value ?? undefined) === "WORLD") break;
  const { port } = server.address() as AddressInfo;
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  for (const line of text.split("\n"))
    if (/^(?:client_state|records_produced_total)\b/.test(line)) console.log(line);
  if (isStaying) await once(process, "SIGINT");
} finally {
  server.close();
  server.closeAllConnections();
  await app.close();
  await client.close();
  await cluster.close();
  rmSync(folder, { recursive: true });
}
