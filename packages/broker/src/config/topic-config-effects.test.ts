import { encodeUtf8, noHeaders } from "@millrace/model";
import { errorCodeOf, type ErrorName } from "@millrace/protocol";
import { nodeCompression } from "@millrace/protocol/compression";
import { produceApi } from "@millrace/protocol/definitions";
import {
  compressionNames,
  type CompressionName,
  compressionIdOf,
  readAttributes,
  RecordBatchBuilder,
  RecordBatchReader,
} from "@millrace/protocol/records";
import { expect, test } from "vitest";
import { brokerWorld } from "../../test-support/broker-world.ts";
import type { TestClient } from "../../test-support/test-client.ts";
import { topicConfigDefinitions } from "./topic-config.ts";

/*
 * Every property of a topic, and what it changes: seen with a value and with another. One that has no row fails a test.
 */

type World = ReturnType<typeof brokerWorld>;

interface Topic {
  readonly world: World;
  readonly client: TestClient;
  readonly name: string;
}

/** Gives what is seen of a topic. */
type Probe = (topic: Topic) => unknown;

interface Row {
  readonly name: string;
  /** A value, and what is seen with it. */
  readonly seen: readonly (readonly [value: string, seen: unknown])[];
  /** What is set besides. */
  readonly beside?: Readonly<Record<string, string>>;
  readonly probe: Probe;
}

const nowMs = (world: World) => world.platform.clock.wallMs();
const refused = (name: ErrorName) => errorCodeOf(name);

async function produce(
  { client, name }: Topic,
  text: string,
  {
    time = 0,
    key = null,
    compression = "none",
  }: { time?: number; key?: Uint8Array | null; compression?: CompressionName } = {},
) {
  const builder = new RecordBatchBuilder();
  builder.append(time, key, encodeUtf8(text), noHeaders);
  const records = builder.build({ compression, codecs: nodeCompression });
  const topicData = [{ name, partitionData: [{ index: 0, records }] }];
  const answer = await client.ask(produceApi, 9, { acks: -1, timeoutMs: 100, topicData });
  return answer?.responses[0].partitionResponses[0];
}

const codeOf = async (topic: Topic, text: string, options?: Parameters<typeof produce>[2]) =>
  (await produce(topic, text, options))?.errorCode;

async function storedBatch({ client, name }: Topic): Promise<Uint8Array> {
  return (await client.fetch(name, 0))?.records ?? new Uint8Array();
}

const filesOf = ({ world, name }: Topic, suffix: string) =>
  world.files.names(`/data/${name}-0`).filter((file) => file.endsWith(suffix));

const text = "x".repeat(700);
const longText = Array.from(
  { length: 2000 },
  (_, index) => `{"customer":${(index * 7919) % 9973},"total":${(index * index) % 997}}`,
).join(",");

/** How many segments some batches make. */
const segments =
  (batches: number, { size = 1000, stepMs = 0 } = {}): Probe =>
  async (topic) => {
    for (let batch = 0; batch < batches; batch++)
      await produce(topic, "y".repeat(size), { time: 1000 + batch * stepMs });
    return filesOf(topic, ".log").length;
  };

/** Header of a batch, and what a record has besides its value. */
const batchOverhead = 75;

const storedWith = (level: string): Row => ({
  name: `compression.${level}.level`,
  beside: { "compression.type": level },
  seen: [
    ["1", "larger"],
    ["9", "smaller"],
  ],
  probe: async (topic) => {
    await produce(topic, longText);
    const size = (await storedBatch(topic)).length;
    const id = compressionNames.findIndex((known) => known === level);
    const sizeAt = (of: number) => nodeCompression.compress(id, encodeUtf8(longText), of).length;
    const middle = (sizeAt(1) + sizeAt(9)) / 2;
    return size > middle + batchOverhead ? "larger" : "smaller";
  },
});

const rows: readonly Row[] = [
  {
    name: "max.message.bytes",
    seen: [
      ["500", refused("MESSAGE_TOO_LARGE")],
      ["2000", 0],
    ],
    probe: (topic) => codeOf(topic, text),
  },
  {
    name: "compression.type",
    seen: [
      ["producer", "lz4"],
      ["gzip", "gzip"],
      ["zstd", "zstd"],
      ["snappy", "snappy"],
      ["uncompressed", "none"],
    ],
    probe: async (topic) => {
      await produce(topic, longText, { compression: "lz4" });
      const batch = await storedBatch(topic);
      const reader = new RecordBatchReader({ bytes: batch, codecs: nodeCompression });
      expect(reader.next()).toBe(true);
      expect(reader.value?.length).toBe(encodeUtf8(longText).length);
      return compressionNames[compressionIdOf(readAttributes(batch, 0))];
    },
  },
  storedWith("gzip"),
  storedWith("zstd"),
  {
    name: "message.timestamp.type",
    seen: [
      ["CreateTime", -1],
      ["LogAppendTime", "now"],
    ],
    probe: async (topic) => {
      const { logAppendTimeMs = 0 } = (await produce(topic, "a")) ?? {};
      return logAppendTimeMs > 1_000_000 ? "now" : logAppendTimeMs;
    },
  },
  {
    name: "message.timestamp.before.max.ms",
    seen: [
      ["1000", refused("INVALID_TIMESTAMP")],
      ["10000", 0],
    ],
    probe: (topic) => codeOf(topic, "a", { time: nowMs(topic.world) - 5000 }),
  },
  {
    name: "message.timestamp.after.max.ms",
    seen: [
      ["1000", refused("INVALID_TIMESTAMP")],
      ["10000", 0],
    ],
    probe: (topic) => codeOf(topic, "a", { time: nowMs(topic.world) + 5000 }),
  },
  {
    name: "segment.bytes",
    seen: [
      ["1048576", 2],
      ["3000000", 1],
    ],
    probe: segments(3, { size: 400_000 }),
  },
  {
    name: "segment.ms",
    seen: [
      ["1000", 3],
      ["1000000", 1],
    ],
    probe: segments(3, { stepMs: 2000 }),
  },
  {
    name: "segment.index.bytes",
    beside: { "index.interval.bytes": "0" },
    seen: [
      ["24", 4],
      ["1000", 1],
    ],
    probe: segments(8),
  },
  {
    name: "index.interval.bytes",
    beside: { "segment.index.bytes": "24" },
    seen: [
      ["0", 4],
      ["1000000", 1],
    ],
    probe: segments(8),
  },
  {
    name: "cleanup.policy",
    seen: [
      ["compact", refused("INVALID_RECORD")],
      ["delete", 0],
    ],
    probe: (topic) => codeOf(topic, "a"),
  },
  {
    name: "flush.messages",
    seen: [
      ["2", "the second waits"],
      ["100", "none waits"],
    ],
    probe: async (topic) => {
      const { gate } = topic.world;
      await topic.client.produce(topic.name, ["makes the folder"]);
      gate.shut(/\.log$/);
      const first = await codeOf(topic, "a");
      let isWaiting = true;
      const second = codeOf(topic, "b").finally(() => (isWaiting = false));
      await topic.world.platform.timers.sleep(10);
      const seen = isWaiting ? "the second waits" : "none waits";
      gate.open();
      expect([first, await second]).toEqual([0, 0]);
      return seen;
    },
  },
  {
    name: "flush.ms",
    seen: [
      ["1000", "is synced"],
      ["100000", "waits"],
    ],
    probe: async (topic) => {
      const { gate, platform } = topic.world;
      await topic.client.produce(topic.name, ["makes the folder"]);
      await topic.client.produce(topic.name, ["a"]);
      await platform.timers.sleep(500);
      const before = gate.syncCount;
      await platform.timers.sleep(3000);
      return gate.syncCount > before ? "is synced" : "waits";
    },
  },
];

/** Tested where they are obeyed: retention, deletion and compaction over time. */
const obeyedByUpkeep = [
  "retention.ms",
  "retention.bytes",
  "delete.retention.ms",
  "file.delete.delay.ms",
  "min.cleanable.dirty.ratio",
  "min.compaction.lag.ms",
  "max.compaction.lag.ms",
  "segment.jitter.ms",
];

/** What Kafka has for several brokers, for tiered storage, or to be quicker: kept and told, and nothing else. */
const withoutMeaning = [
  "compression.lz4.level",
  "follower.replication.throttled.replicas",
  "leader.replication.throttled.replicas",
  "local.retention.bytes",
  "local.retention.ms",
  // Kafka bounds it by the number of replicas, which is 1.
  "min.insync.replicas",
  "preallocate",
  "remote.log.copy.disable",
  "remote.log.delete.on.disable",
  "remote.storage.enable",
  "unclean.leader.election.enable",
];

test("every property of a topic has its row", () => {
  const known = [...rows.map(({ name }) => name), ...obeyedByUpkeep, ...withoutMeaning].toSorted();
  expect([...topicConfigDefinitions.keys()].toSorted()).toEqual(known);
});

let made: World | undefined;
function world(): World {
  const properties = { "log.flush.scheduler.interval.ms": 1000 };
  const options = { port: undefined, codecs: nodeCompression, properties };
  return (made ??= brokerWorld({ ...options, durability: "os" }));
}

const starting = () => world().start();
let started: ReturnType<typeof starting> | undefined;

test.each(rows.map((row) => ({ name: row.name, row })))("$name changes what is seen", ({ row }) =>
  world().platform.until(
    (async () => {
      started ??= starting();
      const { client } = await started;
      for (const [index, [value, seen]] of row.seen.entries()) {
        const name = `${row.name}.${index}`;
        const answer = await client.createTopic(name, 1, { ...row.beside, [row.name]: value });
        expect(answer?.topics[0].errorCode).toBe(0);
        expect(await row.probe({ world: world(), client, name }), `${row.name}=${value}`).toEqual(
          seen,
        );
      }
    })(),
  ),
);
