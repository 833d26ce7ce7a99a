import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, expect, test } from "vitest";

import { PriceService } from "../../examples/http-enrichment/src/price-service.ts";
import { enrichPlainly, generateOrders, prices, type CustomersOutcome } from "./generate-orders.ts";
import { KillableProcess } from "./killable-process.ts";
import type { EnrichmentMessage } from "./messages.ts";
import { scanDataFolder } from "./scan-data-folder.ts";
import { seededRandom, seedOfRun } from "./seeded-random.ts";

const isFull = process.env["MILLRACE_VERIFY"] === "1";
const { orderCount, killCount } = isFull
  ? { orderCount: 20_000, killCount: 20 }
  : { orderCount: 600, killCount: 2 };
const program = fileURLToPath(new URL("enrichment-application.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "millrace-enrichment-"));
const seed = seedOfRun();
const random = seededRandom(seed);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test(
  `an enrichment by HTTP survives ${killCount} kills -9 over ${orderCount} orders, exactly once`,
  async () => {
    console.log(`seed ${seed}; again: MILLRACE_SEED=${seed} npx vitest run test/crash`);
    // Slow, failing, out of order.
    await using service = await PriceService.start({
      prices,
      delayMs: () => random() * 40,
      isDown: () => random() < 0.1,
    });
    const start = (...flags: readonly string[]): KillableProcess => {
      const places = ["--data", join(folder, "data"), "--service", service.address];
      const orders = ["--orders", String(orderCount)];
      return new KillableProcess([program, ...places, ...orders, ...flags]);
    };
    let heldCount = 0;
    let settledCount = 0;
    for (let kill = 1; kill <= killCount; kill++) {
      const application = kill === 1 ? start("--load") : start();
      const wanted = Math.floor((orderCount * kill) / (killCount + 2));
      settledCount = await untilSettled(application, wanted);
      await application.killAfter(random() * 100);
      const { recordCounts, openTransactions } = scanDataFolder(join(folder, "data/broker"));
      const changelog = "crash-enrichment-price-store-changelog";
      const held = recordCounts[changelog] ?? 0;
      if (held > heldCount) heldCount = held;
      console.log(
        `kill ${kill}: ${settledCount} orders settled, ${held} records of what waits written, ` +
          `${openTransactions.length} transactions open`,
      );
    }
    expect(heldCount, "no commit had requests under way").toBeGreaterThan(0);
    const last = start("--until-done");
    const { outcome, perSecond } = await outcomeOf(last, settledCount);
    expect(await last.exited, last.errors).toBe(0);
    const { requestCount, failureCount } = service;
    console.log(
      `${requestCount} requests, ${failureCount} failed; the last run settled ${perSecond} orders/s over HTTP`,
    );
    expect(outcome).toEqual(enrichPlainly(generateOrders(orderCount)));
    expect(requestCount).toBeGreaterThan(orderCount);
  },
  isFull ? 600_000 : 120_000,
);

/** Reads what an application tells until so many orders are settled. */
async function untilSettled(application: KillableProcess, count: number): Promise<number> {
  for (;;) {
    const message = await next(application);
    if (message.kind !== "settled") throw new Error("it was done before it was killed");
    if (message.count >= count) return message.count;
  }
}

interface Outcome {
  /** By customer, in the order of its partition. */
  readonly outcome: Readonly<Record<string, CustomersOutcome>>;
  /** Orders that were settled, from the first to the last that this run settled. */
  readonly perSecond: number;
}

async function outcomeOf(application: KillableProcess, settledBefore: number): Promise<Outcome> {
  let first: { readonly count: number; readonly atMs: number } | undefined;
  let last = { count: 0, atMs: 0 };
  for (;;) {
    const message = await next(application);
    if (message.kind === "outcome") {
      const from = first ?? last;
      const perSecond = Math.round(((last.count - from.count) / (last.atMs - from.atMs)) * 1000);
      return { outcome: byCustomer(message), perSecond };
    }
    last = { count: message.count, atMs: performance.now() };
    if (last.count > settledBefore) first ??= last;
  }
}

function byCustomer({
  invoices,
  spent,
  dead,
}: Extract<EnrichmentMessage, { readonly kind: "outcome" }>): Outcome["outcome"] {
  const customers = new Set([...invoices, ...dead].map(([customer]) => customer));
  const of = <T>(records: readonly (readonly [string, T])[], wanted: string): readonly T[] =>
    records.filter(([customer]) => customer === wanted).map(([, record]) => record);
  return Object.fromEntries(
    [...customers].map((customer) => [
      customer,
      {
        invoices: of(invoices, customer),
        spent: of(spent, customer),
        dead: of(dead, customer).map(({ id }) => id),
      },
    ]),
  );
}

async function next(application: KillableProcess): Promise<EnrichmentMessage> {
  const line = await application.nextLine(60_000);
  if (line === undefined) throw new Error(`it ended by itself\n${application.errors}`);
  return JSON.parse(line) as EnrichmentMessage;
}
