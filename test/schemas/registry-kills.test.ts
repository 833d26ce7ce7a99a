import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { KillableProcess } from "../crash/killable-process.ts";
import { seededRandom, seedOfRun } from "../crash/seeded-random.ts";
import { startBundledBroker, type BundledBroker } from "../interop/bundled-broker.ts";
import { RegistryLoad } from "./registry-load.ts";
import type { RegistryProcessOptions } from "./registry-process.ts";
import { recordWith, register } from "./registry-world.ts";

const isFull = process.env["MILLRACE_VERIFY"] === "1";
/** Longest that there is load beyond what a round needs; the seeds of many rounds need a wider choice. */
const extraMsMax = isFull ? 1500 : 400;
const program = fileURLToPath(new URL("registry-process.ts", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "millrace-registry-kills-"));
const seed = seedOfRun();
const running = new Set<KillableProcess>();

afterAll(async () => {
  await Promise.all([...running].map((one) => one.killAfter(0)));
  rmSync(folder, { recursive: true, force: true });
});

interface Started {
  readonly process: KillableProcess;
  readonly url: string;
}

async function start(options: RegistryProcessOptions): Promise<Started> {
  const started = new KillableProcess([program, JSON.stringify(options)]);
  running.add(started);
  const url = await started.nextLine(60_000);
  if (url === undefined) throw new Error(`the registry has ended: ${started.errors}`);
  return { process: started, url };
}

async function kill({ process: one }: Started, afterMs: number): Promise<void> {
  expect(await one.killAfter(afterMs)).toBe("killed");
  running.delete(one);
}

function load(): RegistryLoad {
  console.log(
    `seed ${seed}; again: MILLRACE_SEED=${seed} npx vitest run test/schemas/registry-kills`,
  );
  return new RegistryLoad(seededRandom(seed + 1));
}

const aloneKills = isFull ? 25 : 1;
test(`a registry with its broker, killed ${aloneKills} times under load: no id is given twice, none is lost`, async () => {
  const random = seededRandom(seed);
  const clients = load();
  const options = { data: join(folder, "alone"), sessionTimeout: "1s" };
  for (let round = 1; round <= aloneKills; round++) {
    const registry = await start(options);
    await clients.checkSome(registry.url);
    const over = new AbortController();
    const work = clients.run(() => [registry.url], over.signal);
    await clients.isUnderWay();
    await kill(registry, random() * extraMsMax);
    over.abort();
    await work;
    expect(clients.faults).toEqual([]);
  }
  const last = await start(options);
  await clients.checkAll(last.url);
  await kill(last, 0);
  expect(clients.faults).toEqual([]);
  console.log(`${clients.toldCount} ids were given`);
  expect(clients.toldCount).toBeGreaterThan(aloneKills);
}, 600_000);

test("a registry that has its broker for itself takes its seat again at once after a kill", async () => {
  const options = { data: join(folder, "seat"), sessionTimeout: "5m", groupInstanceId: "own" };
  const first = await start(options);
  const id = await register(first.url, "s", recordWith("a"));
  await kill(first, 0);
  const second = await start(options); // within a minute, not five
  expect(await register(second.url, "s", recordWith("a"))).toBe(id);
  expect(await register(second.url, "s", recordWith("a", "b"))).toBeGreaterThan(id);
  await kill(second, 0);
}, 180_000);

describe("registries of a group", () => {
  let broker: BundledBroker;
  let registries: Started[];
  let startOne: () => Promise<Started>;
  const clients = load();

  beforeAll(async () => {
    broker = await startBundledBroker({
      "group.initial.rebalance.delay.ms": 0,
      "group.min.session.timeout.ms": 500,
    });
    startOne = () => start({ bootstrapServers: broker.address, sessionTimeout: "1s" });
    registries = [await startOne(), await startOne()];
  });
  afterAll(() => broker[Symbol.asyncDispose]());

  const groupKills = isFull ? 25 : 1;
  test(`one of two killed ${groupKills} times under load: the same`, async () => {
    const random = seededRandom(seed);
    for (let round = 1; round <= groupKills; round++) {
      const over = new AbortController();
      const work = clients.run(() => registries.map(({ url }) => url), over.signal);
      const index = Math.floor(random() * 2);
      await clients.isUnderWay();
      await kill(registries[index], 200 + random() * extraMsMax);
      registries[index] = await startOne();
      over.abort();
      await work;
      for (const { url } of registries) await clients.checkSome(url);
      expect(clients.faults).toEqual([]);
    }
    for (const { url } of registries) await clients.checkAll(url);
    expect(clients.faults).toEqual([]);
    console.log(`${clients.toldCount} ids were given`);
    expect(clients.toldCount).toBeGreaterThan(groupKills);
  }, 600_000);

  const pauses = isFull ? 25 : 1;
  test(`one of three paused ${pauses} times for longer than its session: the same`, async () => {
    const random = seededRandom(seed);
    const toldBefore = clients.toldCount;
    registries.push(await startOne());
    const urls = registries.map(({ url }) => url);
    for (let round = 1; round <= pauses; round++) {
      const over = new AbortController();
      const work = clients.run(() => urls, over.signal);
      await clients.isUnderWay();
      const { process } = registries[Math.floor(random() * registries.length)];
      await process.pauseFor(1200 + random() * extraMsMax);
      // It takes its late writes for its own until it hears that another has its place.
      await sleep(300 + (random() * extraMsMax) / 2);
      over.abort();
      await work;
      for (const url of urls) await clients.checkSome(url);
      expect(clients.faults).toEqual([]);
    }
    for (const url of urls) await clients.checkAll(url);
    expect(clients.faults).toEqual([]);
    console.log(`${clients.toldCount} ids were given`);
    expect(clients.toldCount).toBeGreaterThan(toldBefore + pauses);
  }, 600_000);
});
