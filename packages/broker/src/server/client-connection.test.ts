import { MemoryFileSystem, memoryPlatform } from "@millrace/platform/memory";
import { drainTurn } from "@millrace/platform/node";
import { listOffsetsApi, metadataApi, produceApi } from "@millrace/protocol/definitions";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { gatedFileSystem } from "../../test-support/gated-file-system.ts";
import { produceRequest, TestClient } from "../../test-support/test-client.ts";
import { Broker } from "../broker.ts";

async function withBroker(
  story: (world: {
    readonly client: TestClient;
    readonly connect: () => Promise<TestClient>;
    readonly gate: ReturnType<typeof gatedFileSystem>["gate"];
    readonly pause: () => Promise<void>;
  }) => Promise<void>,
): Promise<void> {
  const { fileSystem, gate } = gatedFileSystem(new MemoryFileSystem());
  const platform = memoryPlatform({ fileSystem, drain: drainTurn });
  const run = async () => {
    const broker = await Broker.start(platform, {
      dataDirectory: "/data",
      port: 9092,
      reserveBytes: 0,
      properties: { "socket.request.max.bytes": 100_000 },
    });
    const connect = () => TestClient.connect(platform, broker.address);
    await story({ client: await connect(), connect, gate, pause: () => platform.timers.sleep(10) });
    await broker.close();
  };
  await platform.until(run());
}

const frame = (...bytes: readonly number[]) => {
  const whole = new Uint8Array(4 + bytes.length);
  new DataView(whole.buffer).setInt32(0, bytes.length);
  whole.set(bytes, 4);
  return whole;
};

describe("order", () => {
  test("BROKER-9: responses leave in the order of the requests, also of appends that wait", () =>
    withBroker(async ({ client, gate, pause }) => {
      await client.createTopic("orders");
      gate.shut();
      const order: string[] = [];
      const note = (name: string) => () => order.push(name);
      const all = [
        client.ask(produceApi, 9, produceRequest("orders", ["a"])).then(note("produce 0")),
        client.ask(produceApi, 9, produceRequest("orders", ["b"])).then(note("produce 1")),
        client.ask(metadataApi, 9, { topics: [] }).then(note("metadata")),
        client.ask(produceApi, 9, produceRequest("orders", ["c"])).then(note("produce 2")),
      ];
      await pause();
      expect(order).toEqual([]);
      gate.open();
      await Promise.all(all);
      expect(order).toEqual(["produce 0", "produce 1", "metadata", "produce 2"]);
    }));

  test("a request sees what the requests before it on the connection did", () =>
    withBroker(async ({ client }) => {
      await client.createTopic("orders");
      const produced = client.produce("orders", ["a"]);
      const ends = client.ask(listOffsetsApi, 7, {
        replicaId: -1,
        topics: [{ name: "orders", partitions: [{ partitionIndex: 0, timestamp: -1 }] }],
      });
      await produced;
      expect((await ends)?.topics[0].partitions[0].offset).toBe(1);
    }));

  test("a produce without acknowledgement has no response, and an error closes the connection", () =>
    withBroker(async ({ client, pause }) => {
      await client.createTopic("orders");
      client.tell(produceApi, 9, produceRequest("orders", ["a"], 0));
      await pause();
      expect(await client.endOffset("orders")).toBe(1);
      expect(await client.ask(produceApi, 9, produceRequest("nowhere", ["a"], 0))).toBeUndefined();
      expect(client.isClosed).toBe(true);
    }));
});

describe("hostile bytes", () => {
  test.each([
    ["an HTTP request", new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n")],
    ["a negative size", new Uint8Array([0xff, 0xff, 0xff, 0xff])],
    ["a size above the bound", new Uint8Array([0, 1, 0x86, 0xa1])],
    ["an unknown API", frame(3, 231, 0, 0, 0, 0, 0, 1, 0, 0)],
    ["a version that is not served", frame(0, 0, 0, 2, 0, 0, 0, 1, 0, 0)],
    ["a body that is missing", frame(0, 3, 0, 4, 0, 0, 0, 1, 0, 0)],
    [
      "a list that claims more than there is",
      frame(0, 3, 0, 4, 0, 0, 0, 1, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0),
    ],
  ])("%s ends the connection, and no other", (_what, bytes) =>
    withBroker(async ({ client, connect }) => {
      const other = await connect();
      expect(await client.send([bytes])).toBeUndefined();
      expect(client.isClosed).toBe(true);
      expect((await other.ask(metadataApi, 9, { topics: [] }))?.brokers).toHaveLength(1);
    }),
  );

  test("any bytes: the broker answers or closes, and serves others", () =>
    withBroker(async ({ connect, pause }) => {
      const request = fc.record({
        key: fc.constantFrom(
          0,
          1,
          2,
          3,
          8,
          9,
          10,
          11,
          18,
          19,
          20,
          22,
          24,
          26,
          28,
          32,
          37,
          44,
          60,
          75,
        ),
        version: fc.integer({ min: 0, max: 18 }),
        body: fc.uint8Array({ maxLength: 60 }),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(request, { maxLength: 3 }), async (requests) => {
          const client = await connect();
          for (const { key, version, body } of requests)
            void client.send([frame(0, key, 0, version, 0, 0, 0, 1, 0, 0, ...body)]);
          await pause();
          client.connection.destroy();
          const other = await connect();
          expect((await other.ask(metadataApi, 9, { topics: [] }))?.brokers).toHaveLength(1);
          other.connection.destroy();
        }),
        { numRuns: 200 },
      );
    }));
});

test("a peer that takes nothing is not read from: requests wait, and memory stays bounded", () =>
  withBroker(async ({ client, gate, pause }) => {
    await client.createTopic("orders");
    gate.shut();
    const asked = Array.from({ length: 2000 }, (_, index) =>
      client.produce("orders", [`${index}`]),
    );
    await pause();
    gate.open();
    const answers = await Promise.all(asked);
    expect(answers.every((answer, index) => answer?.baseOffset === index)).toBe(true);
  }));
