import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import type { Consumer, KafkaClient } from "@millrace/client";
import type { TopicPartition } from "@millrace/model";
import { nodePlatform } from "@millrace/platform/node";
import { afterAll, expect, test } from "vitest";

import { KillableProcess } from "../crash/killable-process.ts";
import { seededRandom, seedOfRun } from "../crash/seeded-random.ts";
import { freePorts } from "../interop/apache-kafka.ts";
import { Ledger } from "./ledger.ts";
import { connectTo, judgeFailure, type LoadOptions } from "./load.ts";

/*
 * Members of one group go from the classic protocol to the newer one and back, each by itself, and commit what they read,
 * while the broker is killed. What was acknowledged stays, and nobody else commits to a partition of somebody's.
 */

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const killCount = Number(process.env["MILLRACE_KILLS"] ?? 60);
const memberCount = 3;
const topic = "read";
const partitionCount = 4;
const groupId = "changing";
const [killMsMin, killMsMax] = [300, 4000];
const [memberMsMin, memberMsMax] = [500, 4000];
const settleMsMax = 60_000;

const root = mkdtempSync(join(tmpdir(), "millrace-changing-"));
const program = fileURLToPath(new URL("broker-process.ts", import.meta.url));
const seed = seedOfRun();
const random = seededRandom(seed);

afterAll(() => rmSync(root, { recursive: true, force: true }));

/** What members were told, partition by partition. */
class Watch {
  readonly acked = new Map<number, number>();
  readonly holders = new Map<number, symbol>();
  readonly counts = { classic: 0, consumer: 0 };
}

class Member {
  readonly protocol: "classic" | "consumer";
  readonly #name = Symbol();
  readonly #watch: Watch;
  readonly #ledger: Ledger;
  /** Of which nothing has been read since it was given. */
  readonly #fresh = new Map<number, number>();
  readonly #consumer: Consumer;

  constructor(client: KafkaClient, watch: Watch, ledger: Ledger) {
    this.protocol = random() < 0.5 ? "classic" : "consumer";
    this.#watch = watch;
    this.#ledger = ledger;
    this.#consumer = client.consumer({
      groupId,
      topics: [topic],
      groupProtocol: this.protocol,
      autoCommitInterval: 0,
      autoOffsetReset: "earliest",
      ...(this.protocol === "classic" ? { sessionTimeout: 2000, heartbeatInterval: 100 } : {}),
      rebalanceTimeout: 3000,
      rebalanceListener: {
        onPartitionsAssigned: (given) => this.#take(given),
        onPartitionsRevoked: (taken) => this.#give(taken),
      },
    });
  }

  get assignment(): readonly TopicPartition[] {
    return this.#consumer.assignment;
  }

  async close(): Promise<void> {
    await this.#consumer.close();
  }

  /** Until it is closed. */
  async read(): Promise<void> {
    for await (const { partition, offset } of this.#consumer) {
      const least = this.#fresh.get(partition) ?? 0;
      this.#fresh.delete(partition);
      if (offset < least)
        this.#ledger.violations.push(`${partition} goes on at ${offset}, ${least} was committed`);
      await this.#commit(partition, offset + 1);
    }
  }

  async #commit(partition: number, offset: number): Promise<void> {
    const { acked, holders, counts } = this.#watch;
    const holder = holders.get(partition);
    try {
      await this.#consumer.commit([{ topic, partition, offset }]);
    } catch {
      // It is told so by the group, too.
      return;
    }
    if (holder !== this.#name)
      this.#ledger.violations.push(`${partition}: ${offset} of a member that has not got it`);
    acked.set(partition, Math.max(offset, acked.get(partition) ?? 0));
    counts[this.protocol]++;
  }

  #take(given: readonly TopicPartition[]): void {
    const { acked, holders } = this.#watch;
    for (const { partition } of given) {
      holders.set(partition, this.#name);
      this.#fresh.set(partition, acked.get(partition) ?? 0);
    }
  }

  #give(taken: readonly TopicPartition[]): void {
    for (const { partition } of taken) this.#fresh.delete(partition);
  }
}

test.runIf(isVerify)(
  `a group whose members change their protocol loses no commit by ${killCount} kills -9, and settles (seed ${seed})`,
  { timeout: 1_200_000 },
  async () => {
    const port = await freePorts(1);
    const start = () => new KillableProcess([program, join(root, "data"), `${port}`]);
    const ledger = new Ledger();
    const watch = new Watch();
    let isOver = false;
    const options: LoadOptions = {
      platform: nodePlatform({ logLevel: "silent" }),
      address: { host: "127.0.0.1", port },
      ledger,
      isOver: () => isOver,
    };
    const members = new Set<Member>();
    const work = [
      write(options),
      ...Array.from({ length: memberCount }, () => live(options, watch, members)),
    ];
    for (let kill = 1; kill <= killCount; kill++) {
      const broker = start();
      expect(await broker.nextLine(60_000), broker.errors).toBe("listening");
      await broker.killAfter(killMsMin + random() * (killMsMax - killMsMin));
      expect(broker.errors).toBe("");
      expect(ledger.violations.slice(0, 5), `seed ${seed}, kill ${kill}`).toEqual([]);
    }
    const last = start();
    isOver = true;
    const held = () =>
      [...members].flatMap(({ assignment }) => assignment.map(({ partition }) => partition));
    await expect
      .poll(() => held().toSorted(), { timeout: settleMsMax })
      .toEqual(Array.from({ length: partitionCount }, (_, partition) => partition));
    await Promise.all([...members].map((member) => member.close()));
    await Promise.all(work);
    await last.killAfter(0);
    expect(ledger.violations.slice(0, 5), `seed ${seed}`).toEqual([]);
    const { classic, consumer } = watch.counts;
    console.log(`${killCount} kills, ${classic} commits of classic members, ${consumer} of others`);
    expect(Math.min(classic, consumer)).toBeGreaterThan(killCount / 4);
  },
);

/** Members one after the other; the last one stays. */
async function live(options: LoadOptions, watch: Watch, members: Set<Member>): Promise<void> {
  const { platform, ledger, isOver } = options;
  for (let isLast = false; !isLast;) {
    const client = connectTo(options);
    try {
      await client.admin.createTopics([{ name: topic, partitionCount }]);
      isLast = isOver();
      const member = new Member(client, watch, ledger);
      members.add(member);
      const reading = member.read();
      if (!isLast) {
        const ended = reading.catch(() => {});
        const lifeMs = memberMsMin + random() * (memberMsMax - memberMsMin);
        await Promise.race([ended, platform.timers.sleep(lifeMs)]);
        members.delete(member);
        await member.close();
      }
      await reading;
    } catch (error) {
      judgeFailure(ledger, error);
      isLast = false;
    }
    await client.close();
  }
}

async function write(options: LoadOptions): Promise<void> {
  while (!options.isOver()) {
    const client = connectTo(options);
    try {
      const producer = client.producer();
      for (let count = 0; !options.isOver(); count++) {
        await producer.send({ topic, partition: count % partitionCount, value: new Uint8Array(9) });
        await options.platform.timers.sleep(2);
      }
    } catch (error) {
      judgeFailure(options.ledger, error);
    }
    await client.close();
  }
}
