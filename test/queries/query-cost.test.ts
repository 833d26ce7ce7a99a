import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { connect, EmbeddedCluster } from "millrace";
import { expect, test } from "vitest";

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
/**
 * Applications with few, more and many keys: a commit writes each key that has changed, so that it is cheap with few; and many
 * are more than the cache holds.
 */
const workloads = [
  { keyCount: 1000, recordCount: 4_000_000 },
  { keyCount: 10_000, recordCount: 4_000_000 },
  { keyCount: 100_000, recordCount: 2_000_000 },
] as const;
const rounds = 4;
const rate = 1000;

interface Spent {
  readonly microseconds: number;
  readonly records: number;
  readonly seconds: number;
  readonly queries: number;
}

/** While it is asked, and while it is not. */
interface Cost {
  readonly asking: Spent;
  readonly silent: Spent;
}

test.runIf(isVerify)(
  "1000 queries a second cost an application less than 15 % per record",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-query-cost-"));
    const cluster = await EmbeddedCluster.start({
      data: join(folder, "broker"),
      topics: Object.fromEntries(workloads.map(({ keyCount }) => [topicOf(keyCount), 4])),
    });
    try {
      const rises: number[] = [];
      for (const workload of workloads) {
        await click(cluster.bootstrapServers, workload);
        const costs: Cost[] = [];
        for (let round = 0; round < rounds; round++) {
          const place = join(folder, `state-${workload.keyCount}-${round}`);
          const cost = await costOf(cluster.bootstrapServers, place, workload);
          console.log(JSON.stringify({ ...workload, ...cost, rise: riseOf([cost]) }));
          expect(cost.asking.queries).toBeGreaterThan(0.9 * rate * cost.asking.seconds);
          costs.push(cost);
        }
        console.log(`${workload.keyCount} keys, of all rounds: ${riseOf(costs)}`);
        rises.push(riseOf(costs));
      }
      const rise = sum(rises) / rises.length;
      console.log(`of all: ${rise}`);
      expect(rise).toBeLessThan(0.15);
      for (const one of rises) expect(one).toBeLessThan(0.25);
    } finally {
      await cluster.close();
      rmSync(folder, { recursive: true });
    }
  },
  1_200_000,
);

type Workload = (typeof workloads)[number];

function topicOf(keyCount: number): string {
  return `clicks-of-${keyCount}`;
}

async function click(bootstrapServers: string, { keyCount, recordCount }: Workload): Promise<void> {
  const client = connect({ bootstrapServers });
  const producer = client.producer({ linger: 5 });
  let last: Promise<unknown> = Promise.resolve();
  for (let index = 0; index < recordCount; index++) {
    last = producer.send({
      topic: topicOf(keyCount),
      key: `user-${index % keyCount}`,
      value: JSON.stringify({ page: index }),
    });
    if (index % 1000 === 0) await last;
  }
  await last;
  await producer.close();
  await client.close();
}

async function costOf(
  bootstrapServers: string,
  folder: string,
  { keyCount, recordCount }: Workload,
): Promise<Cost> {
  const program = join(import.meta.dirname, "cost-application.ts");
  const words = [program, bootstrapServers, folder, ...[keyCount, recordCount, rate].map(String)];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return JSON.parse(stdout) as Cost; // as it prints it
}

/** By how much a record costs more while the application is asked, over some rounds: of one it differs by a half. */
function riseOf(costs: readonly Cost[]): number {
  const perRecord = (spent: readonly Spent[]): number =>
    sum(spent.map(({ microseconds }) => microseconds)) / sum(spent.map(({ records }) => records));
  const asking = perRecord(costs.map((cost) => cost.asking));
  return asking / perRecord(costs.map(({ silent }) => silent)) - 1;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
