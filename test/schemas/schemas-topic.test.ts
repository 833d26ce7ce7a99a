import { connect, type KafkaClient } from "@millrace/client";
import { decodeUtf8 } from "@millrace/model";
import type { Connection, Network, Timers } from "@millrace/platform";
import { expect, test } from "vitest";

import { SchemasTopic } from "../../packages/schema-registry-server/src/topic/schemas-topic.ts";
import { inClientWorld, type ClientWorld } from "../integration/client-world.ts";

const topic = "_schemas";
const slowMs = 50;

/** Whoever reads by it hears of everything later than who writes. */
function slowNetwork(network: Network, timers: Timers): Network {
  return {
    listen: (address, accept) => network.listen(address, accept),
    connect: async (address, signal) => slowed(await network.connect(address, signal), timers),
  };
}

function slowed(connection: Connection, timers: Timers): Connection {
  return {
    peerCertificate: undefined,
    remoteAddress: connection.remoteAddress,
    get bufferedBytes() {
      return connection.bufferedBytes;
    },
    set handler(handler: Connection["handler"]) {
      connection.handler = {
        data: (chunk) => {
          const copy = chunk.slice();
          timers.after(slowMs, () => handler.data(copy));
        },
        drained: () => handler.drained(),
        closed: (error) => void timers.after(slowMs, () => handler.closed(error)),
      };
    },
    write: (parts, sent) => connection.write(parts, sent),
    pause: () => connection.pause(),
    resume: () => connection.resume(),
    end: () => connection.end(),
    destroy: () => connection.destroy(),
  };
}

interface SlowTopic {
  readonly log: SchemasTopic;
  readonly seen: string[];
}

async function openSlowly({
  platform,
  client,
}: ClientWorld): Promise<SlowTopic & { close(): Promise<void> }> {
  const [broker] = (await client.admin.describeCluster()).brokers;
  await client.admin.createTopics([{ name: topic, partitionCount: 1 }]);
  const network = slowNetwork(platform.network, platform.timers);
  const bootstrapServers = `${broker.host}:${broker.port}`;
  const slow = connect({ ...platform, network }, { bootstrapServers });
  const seen: string[] = [];
  const parts: Pick<KafkaClient, "admin" | "openReader" | "openWriter"> = {
    admin: client.admin,
    openReader: (options) => slow.openReader(options),
    openWriter: (options) => client.openWriter(options),
  };
  const log = new SchemasTopic(platform, parts, {
    topic,
    timeoutMs: 10_000,
    recordBytesMax: 2 ** 20,
    onRecord: ({ value }) => seen.push(decodeUtf8(value ?? new Uint8Array())),
  });
  const close = async (): Promise<void> => {
    await log.close();
    await slow.close();
    // What was on its slow way.
    await platform.timers.sleep(2 * slowMs);
  };
  return { log, seen, close };
}

test("SCHEMAS-3: a write waits until its reader has it, however slow that is", () =>
  inClientWorld(async (world) => {
    const { log, seen, close } = await openSlowly(world);
    for (let index = 1; index <= 3; index++) {
      await log.append([{ key: { kind: "MODE", subject: `s${index}` }, value: { index } }]);
      expect(seen.at(-1)).toBe(`{"index":${index}}`);
    }
    await close();
  }));

test("SCHEMAS-3: reading to the end waits for what another one has written before", () =>
  inClientWorld(async (world) => {
    const { log, seen, close } = await openSlowly(world);
    await using producer = world.client.producer();
    for (const value of ["a", "b", "c"]) {
      await producer.send({ topic, key: "k", value });
      await log.readToEnd();
      expect(seen.at(-1)).toBe(value);
    }
    await close();
  }));
