import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { nodePlatform } from "@millrace/platform/node";
import { afterAll, expect, test } from "vitest";

import { KillableProcess } from "../crash/killable-process.ts";
import { seededRandom, seedOfRun } from "../crash/seeded-random.ts";
import { freePorts } from "../interop/apache-kafka.ts";
import { audit } from "./audit.ts";
import { Ledger } from "./ledger.ts";
import { type LoadOptions, runLoad } from "./load.ts";

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const killCount = Number(process.env["MILLRACE_KILLS"] ?? 500);
/** Between two looks at all there is. */
const killsPerAudit = 25;
/** How long most brokers live once they listen, at most; some are killed while they start. */
const lifeMsMax = 750;
const startMsMax = 60_000;
const earlyKillChance = 0.15;
/** Some die about when it is looked whether the metadata need a snapshot, a second after the start. */
const snapshotKillChance = 0.2;
const [snapshotKillMs, snapshotKillMsMax] = [950, 1150];

const root = mkdtempSync(join(tmpdir(), "millrace-durability-"));
const program = fileURLToPath(new URL("broker-process.ts", import.meta.url));
const seed = seedOfRun();
const random = seededRandom(seed);

afterAll(() => rmSync(root, { recursive: true, force: true }));

test.runIf(isVerify)(
  `${killCount} kills -9 under mixed load lose, double and reuse nothing (seed ${seed})`,
  { timeout: 2_700_000 },
  async () => {
    const port = await freePorts(1);
    const start = () => new KillableProcess([program, join(root, "data"), `${port}`]);
    const ledger = new Ledger();
    let isOver = false;
    const options: LoadOptions = {
      platform: nodePlatform({ logLevel: "silent" }),
      address: { host: "127.0.0.1", port },
      ledger,
      isOver: () => isOver,
    };
    const load = runLoad(options);
    for (let kill = 1; kill <= killCount; kill++) {
      const broker = start();
      if (random() < earlyKillChance) await broker.killAfter(random() * 600);
      else {
        expect(await broker.nextLine(startMsMax), broker.errors).toBe("listening");
        const [leastMs, mostMs] =
          random() < snapshotKillChance ? [snapshotKillMs, snapshotKillMsMax] : [50, lifeMsMax];
        await broker.killAfter(leastMs + random() * (mostMs - leastMs));
        expect(broker.errors).toBe("");
      }
      if (kill % killsPerAudit === 0) await auditOn(start(), options);
    }
    isOver = true;
    const last = start();
    await load;
    await auditOn(last, options);
    const outcomes = ["acked", "aborted", "unknown"] as const;
    console.log(
      `${killCount} kills; attempts: ${outcomes.map((one) => `${ledger.count(one)} ${one}`).join(", ")}`,
    );
    expect(ledger.count("acked")).toBeGreaterThan(killCount);
  },
);

async function auditOn(broker: KillableProcess, options: LoadOptions): Promise<void> {
  expect(await broker.nextLine(startMsMax), broker.errors).toBe("listening");
  await audit(options);
  await broker.killAfter(0);
  expect(options.ledger.violations.slice(0, 5), `seed ${seed}`).toEqual([]);
}
