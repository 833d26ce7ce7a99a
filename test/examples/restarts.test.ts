import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { string } from "@millrace/serde";
import { TopologyTestDriver } from "@millrace/testing";
import { connect, EmbeddedCluster, StreamsApp, type Topology } from "millrace";
import { afterAll, beforeAll, expect, test } from "vitest";

import * as deduplication from "../../examples/deduplication/src/topology.ts";
import * as fraud from "../../examples/fraud/src/topology.ts";
import * as payments from "../../examples/orders-and-payments/src/topology.ts";
import * as sensors from "../../examples/sensors/src/topology.ts";
import * as sessions from "../../examples/shop-sessions/src/topology.ts";

interface Sent {
  readonly topic: string;
  readonly key: string;
  readonly minutes: number;
  readonly value: object;
}
interface Example {
  readonly name: string;
  readonly topology: () => Topology;
  readonly topics: Readonly<Record<string, string>>;
  readonly before: readonly Sent[];
  readonly after: readonly Sent[];
  /** Moves the time on, and may come any number of times. */
  readonly later?: Sent;
  readonly outputs: readonly string[];
}

const order = (key: string, minutes: number): Sent => ({
  topic: payments.topics.orders,
  key,
  minutes,
  value: { customer: "ada", total: 50 },
});
const payment = (key: string, minutes: number): Sent => ({
  topic: payments.topics.payments,
  key,
  minutes,
  value: { amount: 20 },
});
const event = (key: string, minutes: number, value: sessions.ShopEvent): Sent => ({
  topic: sessions.topics.events,
  key,
  minutes,
  value,
});
const paid = (key: string, minutes: number): Sent => ({
  topic: fraud.topics.payments,
  key,
  minutes,
  value: { cents: 100, country: "FR" },
});
const webhook = (key: string, minutes: number, name: string): Sent => ({
  topic: deduplication.topics.webhooks,
  key,
  minutes,
  value: { event: name, cents: 100 },
});
const reading = (minutes: number): Sent => ({
  topic: sensors.topics.readings,
  key: "roof",
  minutes,
  value: { celsius: minutes / 100 },
});

const examples: readonly Example[] = [
  {
    name: "orders-and-payments",
    topology: () => payments.ordersAndPayments(),
    topics: payments.topics,
    before: [order("1", 0), order("2", 10), payment("1", 20), payment("9", 21)],
    after: [payment("2", 30), payment("1", 40), order("3", 50)],
    later: order("later", 300),
    outputs: [payments.topics.paid, payments.topics.unpaid, payments.topics.unexplained],
  },
  {
    name: "shop-sessions",
    topology: () => sessions.shopSessions(),
    topics: sessions.topics,
    before: [event("ada", 0, { page: "/", cart: 3 }), event("bob", 1, { page: "/" })],
    after: [
      event("ada", 20, { page: "/pay", isPaid: true }),
      event("bob", 30, { page: "/pears", cart: 5 }),
    ],
    later: event("eve", 200, { page: "/" }),
    outputs: [sessions.topics.visits, sessions.topics.abandoned],
  },
  {
    name: "fraud",
    topology: () => fraud.fraudTopology(),
    topics: fraud.topics,
    before: [paid("1", 0), paid("1", 1), paid("1", 2), paid("2", 3)],
    after: [paid("1", 4), paid("1", 5), paid("1", 6), paid("2", 7)],
    outputs: [fraud.topics.alarms],
  },
  {
    name: "deduplication",
    topology: () => deduplication.paymentsOnce(),
    topics: deduplication.topics,
    before: [webhook("ada", 0, "1"), webhook("bob", 1, "2"), webhook("ada", 2, "1")],
    after: [webhook("ada", 3, "1"), webhook("ada", 4, "3"), webhook("bob", 5, "2")],
    outputs: [deduplication.topics.payments, deduplication.topics.balances],
  },
  {
    name: "sensors",
    topology: () => sensors.sensorDays(),
    topics: sensors.topics,
    before: [reading(100), reading(700), reading(1500), reading(1390)],
    after: [reading(1400), reading(1600), reading(1300), reading(4500)],
    outputs: [sensors.topics.days],
  },
];

let folder: string;
let cluster: EmbeddedCluster;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-restart-"));
  cluster = await EmbeddedCluster.start({ data: join(folder, "broker"), durability: "memory" });
});
afterAll(async () => {
  await cluster.close();
  rmSync(folder, { recursive: true });
});

test.each(examples)(
  "$name goes on over a restart as if there had been none",
  { timeout: 60_000 },
  async (example) => {
    const expected = await inOneGo(example);
    expect(expected.length).toBeGreaterThan(0);
    const names = Object.values(example.topics);
    const client = connect({ bootstrapServers: cluster.bootstrapServers });
    await client.admin.createTopics(names.map((name) => ({ name, partitionCount: 1 })));
    const producer = client.producer({ key: string(), value: string() });
    const send = async (records: readonly Sent[]): Promise<void> => {
      for (const { topic, key, minutes, value } of records)
        await producer.send({ topic, key, value: JSON.stringify(value), timestamp: ms(minutes) });
    };
    const run = async (untilDone: () => Promise<void>): Promise<void> => {
      const app = await StreamsApp.start(example.topology(), {
        applicationId: example.name,
        cluster,
        stateDirectory: join(folder, "state"),
        maxTaskIdle: "500ms",
      });
      await untilDone().finally(() => app.close());
    };
    const found: string[] = [];
    try {
      await send(example.before);
      await run(() => untilCommitted(client, example));
      await send(example.after);
      await run(async () => {
        const { later } = example;
        const moving = setInterval(() => {
          if (later !== undefined) send([later]).catch(console.error);
        }, 200);
        const consumer = client.consumer({
          topics: [...example.outputs],
          autoOffsetReset: "earliest",
          key: string(),
          value: string(),
        });
        for await (const { topic, key, value, timestamp } of consumer) {
          found.push(shown({ topic, key, value, timestamp }));
          if (found.length === expected.length) break;
        }
        clearInterval(moving);
      });
    } finally {
      await client.admin.deleteTopics(names); // another example may have one of that name
      await client.close();
    }
    expect(found.sort()).toEqual(expected);
  },
);

/** What comes of all records where nothing is stopped. */
async function inOneGo({
  topology,
  before,
  after,
  later,
  outputs,
}: Example): Promise<readonly string[]> {
  await using driver = new TopologyTestDriver(topology());
  for (const { topic, key, minutes, value } of [
    ...before,
    ...after,
    ...(later === undefined ? [] : [later]),
  ]) {
    const input = driver.input(topic, { key: string(), value: string() });
    input.pipe(key, JSON.stringify(value), { timestamp: ms(minutes) });
  }
  return outputs
    .flatMap((topic) =>
      driver
        .output(topic, { key: string(), value: string() })
        .readAll()
        .map((record) => shown({ ...record, topic })),
    )
    .sort();
}

/** The first run has committed all that it was sent. */
async function untilCommitted(
  client: ReturnType<typeof connect>,
  { name, before }: Example,
): Promise<void> {
  const inputs = [...new Set(before.map(({ topic }) => topic))];
  for (;;) {
    const offsets = await client.admin.groupOffsets(name);
    const read = inputs.map((topic) => offsets.find((one) => one.topic === topic)?.offset ?? 0);
    if (read.reduce((sum, offset) => sum + offset, 0) === before.length) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function shown(record: {
  readonly topic: string;
  readonly key: string | null;
  readonly value: string | null;
  readonly timestamp: number;
}): string {
  return `${record.topic} ${record.key} ${record.value} ${record.timestamp}`;
}

function ms(minutes: number): number {
  return minutes * 60_000;
}
