import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { connect, EmbeddedCluster } from "millrace";
import { expect, test } from "vitest";

import { medianOf } from "../serdes/measure-cost.ts";

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const records = 4_000_000;
const rounds = 5;
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
      const rises: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const cost = await costOf(cluster.bootstrapServers, join(folder, `state-${round}`));
        rises.push(perRecord(cost.asking) / perRecord(cost.silent) - 1);
        console.log(JSON.stringify({ ...cost, rise: rises.at(-1) }));
        expect(cost.asking.queries).toBeGreaterThan(0.9 * rate * cost.asking.seconds);
      }
      expect(medianOf(rises)).toBeLessThan(0.15);
    } finally {
      await cluster.close();
      rmSync(folder, { recursive: true });
    }
  },
  600_000,
);

async function click(bootstrapServers: string): Promise<void> {
  const client = connect({ bootstrapServers });
  const producer = client.producer({ linger: 5 });
  let last: Promise<unknown> = Promise.resolve();
  for (let index = 0; index < records; index++) {
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
  const words = [program, bootstrapServers, folder, String(records), String(rate)];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return JSON.parse(stdout) as Cost; // as it prints it
}

function perRecord(spent: Spent): number {
  return spent.microseconds / spent.records;
}
