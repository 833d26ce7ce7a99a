import { Broker } from "@millrace/broker";
import { connect, type ConnectOptions, type Consumer, type KafkaClient } from "@millrace/client";
import { decodeUtf8 } from "@millrace/model";
import type { Logger } from "@millrace/platform";
import { memoryPlatform, type VirtualMemoryPlatform } from "@millrace/platform/memory";
import { nodeCompression } from "@millrace/protocol/compression";

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The bundled broker and clients of it in one process, in virtual time. */
export interface ClientWorld {
  readonly platform: VirtualMemoryPlatform;
  readonly client: KafkaClient;
  /** What clients have logged so far. */
  readonly lines: LogLine[];
  /** Another client, as of another process. Closed with the world. */
  connect(options?: Partial<ConnectOptions>): KafkaClient;
  /** Takes the broker away, with its connections. */
  stopBroker(): Promise<void>;
  /** Brings it back, on the same address and data. */
  startBroker(): Promise<void>;
}

/** Plays a story, and makes sure that what is closed at its end has left nothing to be done behind it. */
export async function inClientWorld(story: (world: ClientWorld) => Promise<void>): Promise<void> {
  const platform = memoryPlatform();
  await platform.until(playIn(platform, story));
  const closedMs = platform.clock.monotonicMs();
  await platform.run();
  const restMs = platform.clock.monotonicMs() - closedMs;
  if (restMs > 0) throw new Error(`something was still done ${restMs} ms after all was closed`);
}

async function playIn(
  platform: VirtualMemoryPlatform,
  story: (world: ClientWorld) => Promise<void>,
): Promise<void> {
  const lines: LogLine[] = [];
  const logger: Logger = {
    isEnabled: (level) => level !== "debug",
    log: (level, event, fields = {}) => void lines.push({ level, event, fields }),
  };
  let port = 0;
  const start = (): Promise<Broker> =>
    Broker.start(platform, {
      dataDirectory: "/data",
      port,
      durability: "memory",
      codecs: nodeCompression,
      properties: { "group.initial.rebalance.delay.ms": "0" },
    });
  let broker = await start();
  port = broker.address.port;
  const clients: KafkaClient[] = [];
  const open = (options: Partial<ConnectOptions> = {}): KafkaClient => {
    const bootstrapServers = `${broker.address.host}:${port}`;
    const client = connect(
      { ...platform, logger },
      { bootstrapServers, codecs: nodeCompression, ...options },
    );
    clients.push(client);
    return client;
  };
  try {
    await story({
      platform,
      client: open(),
      lines,
      connect: open,
      stopBroker: () => broker.close(),
      startBroker: async () => {
        broker = await start();
      },
    });
  } finally {
    await Promise.all(clients.map((one) => one.close()));
    await broker.close();
  }
}

/** Values of the next so many records. */
export async function take(consumer: Consumer, count: number): Promise<readonly string[]> {
  const values: string[] = [];
  if (count === 0) return values;
  for await (const { value } of consumer) {
    values.push(decodeUtf8(value ?? new Uint8Array()));
    if (values.length === count) break;
  }
  return values;
}

/** Sends values one after the other to partition 0, or another. */
export async function send(
  client: KafkaClient,
  topic: string,
  values: readonly string[],
  partition = 0,
): Promise<void> {
  await using producer = client.producer();
  for (const value of values) await producer.send({ topic, partition, value });
}

/** What a group has committed, by `topic-partition`. */
export async function committedOf(
  client: KafkaClient,
  groupId: string,
  topic: string,
  partition = 0,
): Promise<number | undefined> {
  const membership = client.openMembership({ groupId, assignors: [], topics: () => [] });
  const [found] = await membership.committed([{ topic, partition }]);
  await membership.close();
  return found?.offset;
}
