// Three instances of an application with a REST API on its state, and a broker that starts with them. Each is asked for
// every customer; then one of them is closed, and the others are asked again.
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

import { connect, EmbeddedCluster } from "millrace";

import { orders } from "./topology.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-rest-api-"));
const cluster = await EmbeddedCluster.start({
  data: join(folder, "broker"),
  topics: { [orders.name]: 6 },
});
const instances = await Promise.all(["a", "b", "c"].map(startInstance));
try {
  await order();
  for (const { url } of instances) console.log(await customers(url));
  console.log(`anna: ${await answer(`${instances[0].url}/customers/anna/hours`)}`);
  await stop(instances[0].child);
  for (const { url } of instances.slice(1)) console.log(await customers(url));
} finally {
  await Promise.all(instances.map(({ child }) => stop(child)));
  await cluster.close();
  rmSync(folder, { recursive: true });
}

async function startInstance(
  name: string,
): Promise<{ readonly url: string; readonly child: ChildProcess }> {
  const program = join(import.meta.dirname, "instance.ts");
  const words = [program, cluster.bootstrapServers, join(folder, name)];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
  const [url] = (await once(createInterface(child.stdout), "line")) as [string]; // its first line
  return { url, child };
}

/** Orders of four customers. */
async function order(): Promise<void> {
  const client = connect({ bootstrapServers: cluster.bootstrapServers });
  const producer = client.producer(orders);
  const names = ["anna", "ben", "cleo", "dan"];
  try {
    for (let index = 0; index < 40; index++)
      await producer.send({
        topic: orders.name,
        key: `o${index}`,
        value: { customer: names[index % 4], total: 10 },
        timestamp: 3_600_000 * (1 + (index % 8)),
      });
  } finally {
    await client.close();
  }
}

/** All customers as an instance tells them, once all orders are counted. */
async function customers(url: string): Promise<string> {
  for (;;) {
    const text = await answer(`${url}/customers`);
    const spent = Object.values(JSON.parse(text) as Record<string, number>); // our own server's
    if (spent.reduce((sum, one) => sum + one, 0) === 400) return text;
  }
}

async function answer(url: string): Promise<string> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return response.text();
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}
