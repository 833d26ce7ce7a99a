import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { connect, EmbeddedCluster } from "millrace";
import { expect, test } from "vitest";

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const recordsPerRound = 4_000_000;
const rounds = 8;
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
      topics: { clicks: 4 },
    });
    try {
      await click(cluster.bootstrapServers);
      const costs: Cost[] = [];
      for (let round = 0; round < rounds; round++) {
        const cost = await costOf(cluster.bootstrapServers, join(folder, `state-${round}`));
        console.log(JSON.stringify({ ...cost, rise: riseOf([cost]) }));
        expect(cost.asking.queries).toBeGreaterThan(0.9 * rate * cost.asking.seconds);
        costs.push(cost);
      }
      console.log(`of all rounds: ${riseOf(costs)}`);
      expect(riseOf(costs)).toBeLessThan(0.15);
    } finally {
      await cluster.close();
      rmSync(folder, { recursive: true });
    }
  },
  900_000,
);

async function click(bootstrapServers: string): Promise<void> {
  const client = connect({ bootstrapServers });
  const producer = client.producer({ linger: 5 });
  let last: Promise<unknown> = Promise.resolve();
  for (let index = 0; index < recordsPerRound; index++) {
    last = producer.send({
      topic: "clicks",
      key: `user-${index % 10_000}`,
      value: JSON.stringify({ page: index }),
    });
    if (index % 1000 === 0) await last;
  }
  await last;
  await producer.close();
  await client.close();
}

async function costOf(bootstrapServers: string, folder: string): Promise<Cost> {
  const program = join(import.meta.dirname, "cost-application.ts");
  const words = [program, bootstrapServers, folder, String(recordsPerRound), String(rate)];
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
