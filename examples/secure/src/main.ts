// A broker with TLS, users and rules, and an application that comes in as one of them; all in this process.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { Broker, parsePropertiesFile } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { connect, json, StreamsApp, string, type ConnectOptions } from "millrace";

import { setUp } from "./owner.ts";
import { secureCluster } from "./secure-cluster.ts";
import { receipts, topics, type Payment } from "./topology.ts";

const here = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "millrace-secure-"));
execFileSync(join(here, "certificates.sh"), [folder, "localhost"], { stdio: "ignore" });

const broker = await Broker.start(nodePlatform({ logLevel: "error" }), {
  dataDirectory: join(folder, "data"),
  properties: {
    ...parsePropertiesFile(readFileSync(join(here, "broker.properties"), "utf8")),
    listeners: "MASTER://127.0.0.1:0,CLIENTS://localhost:0",
    "advertised.listeners": "",
    "ssl.keystore.location": join(folder, "broker.pem"),
    "group.initial.rebalance.delay.ms": 0, // nobody else will come
  },
});
const [master, clients] = broker.addresses.map(({ host, port }) => `${host}:${port}`);
const owner = connect({ bootstrapServers: master });
await setUp(owner, "her-secret");

const cluster = secureCluster(clients, join(folder, "ca.pem"), "her-secret");
const app = await StreamsApp.start(receipts(), { applicationId: "receipts-app", cluster });
const payments = owner.producer({ key: string(), value: json<Payment>() });
await payments.send({ topic: topics.payments, key: "1", value: { customer: "ada", amount: 12 } });
const consumer = owner.consumer({
  topics: [topics.receipts],
  autoOffsetReset: "earliest",
  value: string(),
});
for await (const { value } of consumer) {
  console.log(`a receipt: ${value}`);
  break;
}
await app.close();

await attempt("a wrong password", secureCluster(clients, join(folder, "ca.pem"), "guess"));
await attempt("a broker that nobody vouches for", { ...cluster, ssl: true });
await attempt("what no rule allows", cluster);

await owner.close();
await broker.close();
rmSync(folder, { recursive: true });

async function attempt(what: string, options: ConnectOptions): Promise<void> {
  const client = connect(options);
  const failure = await client
    .producer()
    .send({ topic: "salaries", value: "more" })
    .then(
      () => "none",
      (error: { readonly code?: string }) => error.code,
    );
  console.log(`${what}: ${failure}`);
  await client.close();
}
