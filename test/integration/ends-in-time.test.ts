import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { connect, string, type KafkaClient } from "millrace";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

import { KillableProcess } from "../crash/killable-process.ts";
import { freePorts } from "../interop/apache-kafka.ts";

/** SIGTERM, in whatever state an application is: it ends by itself, with code 0, within `closeTimeout`. */
const isVerify = process.env["MILLRACE_VERIFY"] === "1";
/** `closeTimeout` of the program, and what a busy machine adds to it. */
const endMsMax = 4_000 + 3_000;
const lineMsMax = 60_000;
const restoredCount = 8_000;
const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const properties = JSON.stringify({ "group.initial.rebalance.delay.ms": 0 });

let folder: string;
let port: number;
let broker: KillableProcess | undefined;
let client: KafkaClient;
let names = 0;
const running: KillableProcess[] = [];

async function startBroker(): Promise<void> {
  const program = fileOf("../durability/broker-process.ts");
  const next = new KillableProcess([program, join(folder, "broker"), `${port}`, properties]);
  expect(await next.nextLine(lineMsMax), next.errors).toBe("listening");
  broker = next;
}

beforeAll(async () => {
  if (!isVerify) return;
  folder = mkdtempSync(join(tmpdir(), "millrace-ends-"));
  port = await freePorts(1);
  await startBroker();
  client = connect({ bootstrapServers: `127.0.0.1:${port}` });
  const counts = { lines: 4, counts: 4, names: 1 };
  await client.admin.createTopics(
    Object.entries(counts).map(([name, partitionCount]) => ({ name, partitionCount })),
  );
});

afterAll(async () => {
  if (!isVerify) return;
  for (const one of running) await one.killAfter(0);
  await client.close();
  await broker?.killAfter(0);
  rmSync(folder, { recursive: true, force: true });
});

afterEach(() => broker?.goOn());

interface Place {
  readonly threads: number;
  readonly applicationId: string;
  /** Where state lies; another one is another instance. */
  readonly state?: string;
  readonly at?: number;
}

function start({ threads, applicationId, state = "state", at = port }: Place): KillableProcess {
  const place = [`127.0.0.1:${at}`, join(folder, state), `${threads}`, applicationId];
  const program = new KillableProcess([fileOf("world/ending-program.ts"), ...place]);
  running.push(program);
  return program;
}

async function said(program: KillableProcess, word: string): Promise<void> {
  for (;;) {
    const line = await program.nextLine(lineMsMax);
    if (line === undefined) throw new Error(`it ended before ${word}: ${program.errors}`);
    if (line.startsWith(word)) return;
  }
}

/** Resolves once it runs and has something that is not committed. */
async function runs(place: Place): Promise<KillableProcess> {
  const program = start(place);
  await said(program, "running");
  await write(20);
  return program;
}

async function write(count: number): Promise<void> {
  const producer = client.producer({ value: string() });
  const sends = Array.from({ length: count }, (_, index) =>
    producer.send({ topic: "lines", value: `line ${index}`, partition: index % 4 }),
  );
  await Promise.all(sends);
  await producer.close();
}

/** How an application comes into a state, and what is to be undone then. */
type Approach = (
  threads: number,
) => Promise<{ readonly program: KillableProcess; readonly undo?: () => Promise<unknown> }>;

const nameOfNext = (): string => `ending-${++names}`;

const states: Readonly<Record<string, Approach>> = {
  "while it starts and no broker is there": async (threads) => {
    const at = await freePorts(1);
    const program = start({ threads, applicationId: nameOfNext(), at });
    await said(program, "begun");
    return { program };
  },
  "while it starts and the broker does not answer": async (threads) => {
    broker?.stop();
    const program = start({ threads, applicationId: nameOfNext() });
    await said(program, "begun");
    return { program, undo: async () => broker?.goOn() };
  },
  "while it waits for a member that does not join": async (threads) => {
    const applicationId = nameOfNext();
    const mute = await runs({ threads: 0, applicationId, state: "mute" });
    mute.stop();
    const program = start({ threads, applicationId });
    await said(program, "rebalancing");
    const stateOfGroup = async () => (await client.admin.describeGroup(applicationId)).state;
    await expect.poll(stateOfGroup, { timeout: lineMsMax }).toBe("PreparingRebalance");
    return { program, undo: () => mute.killAfter(0) };
  },
  "while it restores": async (threads) => {
    const applicationId = nameOfNext();
    await write(restoredCount);
    const first = await runs({ threads: 0, applicationId, state: "first" });
    const committed = async () => {
      const ends = await client.admin.listOffsets(
        [0, 1, 2, 3].map((partition) => ({
          topic: `${applicationId}-counts-changelog`,
          partition,
          at: "latest" as const,
        })),
        { isolation: "read_committed" },
      );
      return ends.reduce((sum, { offset }) => sum + offset, 0);
    };
    await expect.poll(committed, { timeout: lineMsMax }).toBeGreaterThan(restoredCount / 2);
    await first.endBy("SIGTERM");
    const program = start({ threads, applicationId });
    await said(program, "start");
    return { program };
  },
  "while it runs": async (threads) => ({
    program: await runs({ threads, applicationId: nameOfNext() }),
  }),
  "while it runs and the broker is gone": async (threads) => {
    const program = await runs({ threads, applicationId: nameOfNext() });
    await broker?.killAfter(0);
    return { program, undo: startBroker };
  },
  "while it runs and the broker does not answer": async (threads) => {
    const program = await runs({ threads, applicationId: nameOfNext() });
    broker?.stop();
    return { program, undo: async () => broker?.goOn() };
  },
};

describe.runIf(isVerify).each([
  ["on its own thread", 0],
  ["in two threads", 2],
] as const)("an application that runs %s", (_, threads) => {
  test.each(Object.entries(states))(
    "ends at SIGTERM in time %s",
    async (_name, approach) => {
      const { program, undo } = await approach(threads);
      try {
        const beginMs = performance.now();
        expect(await program.endBy("SIGTERM"), program.errors).toBe(0);
        expect(performance.now() - beginMs).toBeLessThan(endMsMax);
      } finally {
        await program.killAfter(0);
        await undo?.();
      }
    },
    180_000,
  );
});
