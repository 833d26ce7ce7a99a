import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

import { connect, EmbeddedCluster } from "millrace";
import { expect, test } from "vitest";

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const records = 300_000;
const rounds = 4;

interface Cost {
  readonly microseconds: number;
  readonly asked: number;
  readonly seconds: number;
}

/** The least of some rounds: what else the machine does only adds. */
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
      const costs: Record<number, Cost[]> = { 0: [], 1000: [] };
      for (let round = 0; round < rounds; round++)
        for (const rate of [0, 1000]) {
          const state = join(folder, `state-${round}-${rate}`);
          costs[rate].push(await costOf(cluster.bootstrapServers, state, rate));
        }
      const least = (rate: number): number =>
        Math.min(...costs[rate].map(({ microseconds }) => microseconds));
      const rise = least(1000) / least(0) - 1;
      const told = { without: least(0), with: least(1000), rise, costs: costs[1000] };
      console.log(JSON.stringify(told));
      for (const { asked, seconds } of costs[1000])
        expect(asked).toBeGreaterThan(900 * seconds - 100);
      expect(rise).toBeLessThan(0.15);
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

async function costOf(bootstrapServers: string, folder: string, rate: number): Promise<Cost> {
  const program = join(import.meta.dirname, "cost-application.ts");
  const words = [program, bootstrapServers, folder, String(records), String(rate)];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  return JSON.parse(stdout) as Cost; // as it prints it
}
