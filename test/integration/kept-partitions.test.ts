import {
  type Consumer,
  type ConsumerOptions,
  cooperativeStickyAssignor,
  type KafkaClient,
  rangeAssignor,
} from "@millrace/client";
import { decodeUtf8, type TopicPartition } from "@millrace/model";
import { describe, expect, test } from "vitest";

import { type ClientWorld, inClientWorld, send } from "./client-world.ts";

/** A consumer that is read on, what it has read, and what its listener was told. */
class Reading {
  readonly seen: string[] = [];
  readonly told: string[] = [];
  readonly consumer: Consumer;
  readonly ended: Promise<void>;
  /** Awaited with each record. */
  work: () => Promise<unknown> = async () => {};

  constructor(client: KafkaClient, options: Partial<ConsumerOptions>) {
    const tell = (what: string) => (partitions: readonly TopicPartition[]) =>
      void this.told.push(`${what} ${partitions.map(({ partition }) => partition).toSorted()}`);
    this.consumer = client.consumer({
      groupId: "g",
      topics: ["t"],
      autoOffsetReset: "earliest",
      autoCommitInterval: 100,
      rebalanceTimeout: "60s",
      rebalanceListener: {
        onPartitionsAssigned: tell("assigned"),
        onPartitionsRevoked: tell("revoked"),
        onPartitionsLost: tell("lost"),
      },
      ...options,
    });
    this.ended = this.#read();
  }

  get partitions(): readonly number[] {
    return this.consumer.assignment.map(({ partition }) => partition).toSorted();
  }

  async #read(): Promise<void> {
    for await (const { partition, offset } of this.consumer) {
      this.seen.push(`${partition}:${offset}`);
      await this.work();
    }
  }
}

const protocols = [
  {
    name: "a classic group with the cooperative assignor",
    fencesExpected: 1,
    options: { assignors: [cooperativeStickyAssignor], heartbeatInterval: 500 },
  },
  {
    name: "a group whose partitions the broker shares out",
    // Since Kafka 4.3 the epoch counts that the partition was given in.
    fencesExpected: 0,
    options: { groupProtocol: "consumer" as const },
  },
];

async function sendAll(client: KafkaClient, values: readonly string[]): Promise<void> {
  for (const partition of [0, 1, 2, 3]) await send(client, "t", values, partition);
}

function inGroup(
  options: Partial<ConsumerOptions>,
  story: (world: ClientWorld, open: (client: KafkaClient) => Reading) => Promise<void>,
): Promise<void> {
  return inClientWorld(async (world) => {
    await world.client.admin.createTopics([{ name: "t", partitionCount: 4 }]);
    await story(world, (client) => new Reading(client, options));
  });
}

describe.each(protocols)("in $name", ({ options, fencesExpected }) => {
  test("what stays is kept, and the listener is told of what comes and goes", () =>
    inGroup(options, async ({ client, connect, platform }, open) => {
      await sendAll(client, ["0", "1"]);
      const first = open(client);
      await platform.timers.sleep(10_000);
      expect(first.told).toEqual(["assigned 0,1,2,3"]);
      const own = connect();
      const second = open(own);
      await platform.timers.sleep(30_000);
      expect(first.partitions).toHaveLength(2);
      expect(second.partitions).toHaveLength(2);
      const changes = first.told.slice(1).filter((one) => one !== "assigned ");
      expect(changes).toEqual([`revoked ${second.partitions}`]);
      expect(second.told.filter((one) => one !== "assigned ")).toEqual([
        `assigned ${second.partitions}`,
      ]);
      await sendAll(client, ["2"]);
      await platform.timers.sleep(5000);
      const { partitions } = second;
      await own.close();
      await second.ended;
      expect(second.told.at(-1)).toBe(`revoked ${partitions}`);
      await platform.timers.sleep(30_000);
      expect(first.partitions).toEqual([0, 1, 2, 3]);
      expect(first.told.filter((one) => one !== "assigned ").at(-1)).toBe(`assigned ${partitions}`);
      // Each record once: neither what was kept nor what was handed over was read again.
      const seen = [...first.seen, ...second.seen];
      expect(seen.toSorted()).toEqual([...new Set(seen)].toSorted());
      expect(seen).toHaveLength(12);
      await client.close();
      await first.ended;
    }));

  test("what is kept is read on while another member keeps the group waiting", () =>
    inGroup(options, async ({ client, connect, platform }, open) => {
      const first = open(client);
      const slowOwn = connect();
      const slow = open(slowOwn);
      await platform.timers.sleep(30_000);
      slow.work = () => platform.timers.sleep(20_000);
      const own = connect();
      await sendAll(own, ["0"]);
      await platform.timers.sleep(1000);
      const third = open(own);
      await platform.timers.sleep(8000);
      const before = first.seen.length;
      // One that is still the first one's, whichever it gives up.
      await sendAll(own, ["1"]);
      await platform.timers.sleep(1500);
      expect(first.seen.length).toBeGreaterThan(before);
      await Promise.all([client, own, slowOwn].map((one) => one.close()));
      await Promise.all([first, third, slow].map(({ ended }) => ended));
    }));

  test("a transaction that the end of a generation refuses comes again, once", () =>
    inGroup({ ...options, autoCommitInterval: 0 }, async ({ client, connect, platform }, open) => {
      const topics = ["other", "copies"].map((name) => ({ name, partitionCount: 1 }));
      await client.admin.createTopics(topics);
      await sendAll(client, ["0", "1"]);
      const producer = client.producer({ transactionalId: "copier" });
      const first = open(client);
      const { consumer } = first;
      const own = connect();
      let fences = 0;
      let stranger: Reading | undefined;
      first.work = () =>
        producer
          .transaction(async () => {
            const [offsets, group] = [consumer.offsets(), consumer.groupMetadata];
            await producer.send({ topic: "copies", value: first.seen.at(-1) ?? "" });
            // It takes nothing, and the group has another generation.
            stranger ??= new Reading(own, { ...options, topics: ["other"] });
            if (fences === 0 && first.seen.length < 4) await platform.timers.sleep(6000);
            await producer.sendOffsets(offsets, group);
          })
          .catch((error: unknown) => {
            expect(error).toMatchObject({ code: "COMMIT_FENCED" });
            fences += 1;
          });
      await platform.timers.sleep(60_000);
      expect(first.partitions).toEqual([0, 1, 2, 3]);
      const reader = own.consumer({ topics: ["copies"], autoOffsetReset: "earliest" });
      const copies: string[] = [];
      const reading = (async () => {
        for await (const { value } of reader) copies.push(decodeUtf8(value ?? new Uint8Array(0)));
      })();
      await platform.timers.sleep(2000);
      await reader.close();
      await reading;
      expect(fences).toBe(fencesExpected);
      const all = [0, 1, 2, 3].flatMap((partition) => [`${partition}:0`, `${partition}:1`]);
      expect(copies.toSorted()).toEqual(all);
      await Promise.all([client.close(), own.close()]);
      await Promise.all([first.ended, stranger?.ended]);
    }));

  test("a member that the group has forgotten loses all, and is told so", () =>
    inGroup(
      { ...options, sessionTimeout: "10s" },
      async ({ client, platform, stopBroker, startBroker }, open) => {
        await sendAll(client, ["0"]);
        const first = open(client);
        await platform.timers.sleep(10_000);
        await stopBroker();
        await platform.timers.sleep(20_000);
        expect(first.partitions).toEqual([]);
        expect(first.told.at(-1)).toBe("lost 0,1,2,3");
        await startBroker();
        await platform.timers.sleep(60_000);
        expect(first.told.at(-1)).toBe("assigned 0,1,2,3");
        expect(first.seen).toHaveLength(4);
        await client.close();
        await first.ended;
      },
    ));
});

test("members of the cooperative assignor alone and of both share a group by the eager one first, and then go over", () =>
  inClientWorld(async ({ connect, client, platform }) => {
    await client.admin.createTopics([{ name: "t", partitionCount: 4 }]);
    const both = { assignors: [cooperativeStickyAssignor, rangeAssignor], heartbeatInterval: 500 };
    const clients = [connect(), connect()];
    const old = clients.map((own) => new Reading(own, both));
    await platform.timers.sleep(10_000);
    expect(old.map(({ partitions }) => partitions.length)).toEqual([2, 2]);
    const next: Reading[] = [];
    for (const [index, own] of clients.entries()) {
      await own.close();
      await old[index].ended;
      next.push(new Reading(connect(), { ...both, assignors: [cooperativeStickyAssignor] }));
      await platform.timers.sleep(10_000);
    }
    expect(next.map(({ partitions }) => partitions.length)).toEqual([2, 2]);
  }));
