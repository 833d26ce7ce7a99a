import { json, string } from "@millrace/serde";
import { initProducerIdApi, metadataApi, produceApi } from "@millrace/protocol/definitions";
import { describe, expect, test } from "vitest";
import { answerOf, produceScene, topic } from "../../test-support/produce-scene.ts";

/** Records as a program without types gives them. */
function given(record: unknown): never {
  return record as never;
}

describe("what is sent", () => {
  test.each([
    ["nothing", undefined, "it is undefined"],
    ["no topic", { value: "v" }, "its topic is undefined"],
    ["an empty topic", { topic: "", value: "v" }, 'its topic is ""'],
    ["a number as topic", { topic: 5, value: "v" }, "its topic is 5"],
    ["a number as value", { topic, value: 5 }, "its value is 5"],
    ["an object as value", { topic, value: { total: 5 } }, "its value is an object"],
    ["a promise as value", { topic, value: Promise.resolve("v") }, "await it first"],
    ["no value", { topic }, "its value is undefined; give null"],
    ["a buffer that is no view", { topic, value: new ArrayBuffer(1) }, "class ArrayBuffer"],
    ["a bigint as key", { topic, key: 5n, value: "v" }, "its key is 5n"],
    ["no number as time", { topic, value: "v", timestamp: Number.NaN }, "timestamp is NaN"],
    ["an endless time", { topic, value: "v", timestamp: Infinity }, "timestamp is Infinity"],
    ["half a millisecond", { topic, value: "v", timestamp: 1.5 }, "timestamp is 1.5"],
    ["a time before all", { topic, value: "v", timestamp: -1 }, "timestamp is -1"],
    ["a time out of bounds", { topic, value: "v", timestamp: 2 ** 60 }, "timestamp is 1152"],
    ["a date as time", { topic, value: "v", timestamp: new Date(0) }, "class Date"],
    ["a partition that is not there", { topic, value: "v", partition: 9 }, "from 0 to 1"],
    ["a partition below 0", { topic, value: "v", partition: -1 }, "its partition is -1"],
    ["half a partition", { topic, value: "v", partition: 0.5 }, "its partition is 0.5"],
    ["headers that are none", { topic, value: "v", headers: "trace" }, 'its headers are "trace"'],
    ["a header without a pair", { topic, value: "v", headers: ["trace"] }, "a header is"],
    ["a header's name that is none", { topic, value: "v", headers: [[1, "a"]] }, "name is 1"],
    ["half a character as value", { topic, value: "a\ud800" }, "its value has half of a surrogate"],
    ["half a character as key", { topic, key: "\udc00", value: "v" }, "its key has half of a"],
    [
      "half a character as header",
      { topic, value: "v", headers: { a: "\ud800" } },
      'header "a" has',
    ],
    [
      "half a character as name",
      { topic, value: "v", headers: [["\ud800", "a"]] },
      "name has half",
    ],
    ["a number as header", { topic, value: "v", headers: { a: 1 } }, 'its header "a" is 1'],
  ])("is refused by name: %s", async (_, record, message) => {
    const { platform, client, logs } = await produceScene([1, 1]);
    await platform.until(
      (async () => {
        const producer = client.producer();
        // Once while nothing is known of the topic, once on the short way.
        for (let round = 0; round < 2; round++) {
          await expect(producer.send(given(record))).rejects.toMatchObject({
            code: "RECORD_INVALID",
            message: expect.stringContaining(message),
          });
          await producer.send({ topic, value: "fine", partition: 0 });
        }
        await producer.flush();
        await client.close();
      })(),
    );
    expect(logs[0].values).toEqual(["fine", "fine"]);
  });

  test("is what it was at the call, however long it waits", async () => {
    const { platform, client, logs } = await produceScene();
    await platform.until(
      (async () => {
        const producer = client.producer({ key: json<{ id: number }>() });
        const key = { id: 1 };
        const value = new Uint8Array([97]);
        const sent = producer.send({ topic, key, value });
        key.id = Number.NaN;
        value[0] = 98;
        await sent;
        await client.close();
      })(),
    );
    expect(logs[0].values).toEqual(["a"]);
  });

  test("goes to the topic of a handle, with the serdes that its producer has from it", async () => {
    const { platform, client, logs } = await produceScene();
    const orders = { name: topic, key: string(), value: json<{ total: number }>() };
    await platform.until(
      (async () => {
        const producer = client.producer(orders);
        await producer.send({ topic: orders, key: "ada", value: { total: 12 } });
        await client.close();
      })(),
    );
    expect(logs[0].values).toEqual(['{"total":12}']);
  });

  test("a name among a producer's options that is no handle's is refused", async () => {
    const { platform, client } = await produceScene();
    const wrong = { name: topic, linger: 5 };
    expect(() => client.producer(given(wrong))).toThrow(
      expect.objectContaining({ code: "UNKNOWN_OPTION" }),
    );
    await platform.until(client.close());
  });

  test("goes to a partition that was added since", async () => {
    const { platform, client, place, logs } = await produceScene([1, 1]);
    if (place !== undefined) place.leaders = [1];
    await platform.until(
      (async () => {
        const producer = client.producer();
        await producer.send({ topic, value: "first" });
        if (place !== undefined) place.leaders = [1, 1];
        expect(await producer.send({ topic, value: "second", partition: 1 })).toMatchObject({
          partition: 1,
        });
        await client.close();
      })(),
    );
    expect(logs[1].values).toEqual(["second"]);
  });

  test("a serde that cannot write a value is told with the topic, and takes nothing else with it", async () => {
    const { platform, client, logs } = await produceScene();
    await platform.until(
      (async () => {
        const producer = client.producer({ key: string(), value: json<unknown>() });
        const cycle: unknown[] = [];
        cycle.push(cycle);
        const sends = [1, cycle, undefined, 2].map((value) =>
          producer.send({ topic, key: "k", value }),
        );
        expect(await Promise.allSettled(sends)).toMatchObject([
          { value: { offset: 0 } },
          { reason: { code: "SERIALIZATION_FAILED", topic } },
          { reason: { code: "RECORD_INVALID" } },
          { value: { offset: 1 } },
        ]);
        await client.close();
      })(),
    );
    expect(logs[0].values).toEqual(["1", "2"]);
  });

  test("a broker's reason is told when the delivery timeout is over, not a guess", async () => {
    for (const [errorCode, name] of [
      [56, "KAFKA_STORAGE_ERROR"],
      [19, "NOT_ENOUGH_REPLICAS"],
      [20, "NOT_ENOUGH_REPLICAS_AFTER_APPEND"],
    ] as const) {
      const { platform, client, nodes } = await produceScene();
      nodes[0].on(produceApi, (body) =>
        answerOf(body, () => ({ errorCode, baseOffset: -1, errorMessage: "too many open files" })),
      );
      await platform.until(
        (async () => {
          const producer = client.producer({ deliveryTimeout: "1s" });
          const sent = producer.send({ topic, value: "v" });
          await expect(sent).rejects.toMatchObject({
            code: "WRITE_REFUSED",
            retriable: true,
            message: expect.stringContaining(`${name}: too many open files`),
            cause: { code: name },
          });
          await expect(sent).rejects.not.toMatchObject({
            message: expect.stringContaining("are the brokers there"),
          });
          await client.close();
        })(),
      );
    }
  });

  test.each([
    [5, "LEADER_NOT_AVAILABLE"],
    [56, "KAFKA_STORAGE_ERROR"],
  ])(
    "why a partition has no leader (error %i) is told, at first and later on",
    async (errorCode, name) => {
      const { platform, client, place, nodes } = await produceScene([1, 1]);
      if (place === undefined) throw new Error("the scene has no topic");
      place.offline = { 0: errorCode };
      await platform.until(
        (async () => {
          const producer = client.producer({ deliveryTimeout: "1s" });
          const refused = {
            code: "WRITE_REFUSED",
            retriable: true,
            message: expect.stringContaining(name),
            cause: { code: name },
          };
          const send = (partition: number) => producer.send({ topic, partition, value: "v" });
          await expect(send(0)).rejects.toMatchObject(refused);
          await send(1);
          place.offline = { 1: errorCode };
          await send(0);
          // The broker that led it knows it as little as anybody.
          for (const node of nodes)
            node.on(produceApi, (body) => answerOf(body, () => ({ errorCode: 6, baseOffset: -1 })));
          await expect(send(1)).rejects.toMatchObject(refused);
          await client.close();
        })(),
      );
    },
  );

  test("a broker that says nothing is given up when the delivery timeout is over", async () => {
    const { platform, client, nodes } = await produceScene();
    nodes[0].on(produceApi, () => "silence");
    await platform.until(
      (async () => {
        const producer = client.producer({ deliveryTimeout: "2s" });
        const startMs = platform.clock.monotonicMs();
        await expect(producer.send({ topic, value: "v" })).rejects.toMatchObject({
          code: "REQUEST_TIMED_OUT",
        });
        expect(platform.clock.monotonicMs() - startMs).toBeLessThanOrEqual(3_100);
        await client.close();
      })(),
    );
  });
});

test("a transaction is refused by name without a function, without an id, and records without a transaction", async () => {
  const { platform, client } = await produceScene();
  await platform.until(
    (async () => {
      const plain = client.producer();
      await expect(plain.transaction(async () => {})).rejects.toMatchObject({
        code: "WRITER_FAILED",
        message: expect.stringContaining("open it with a transactionalId"),
      });
      const producer = client.producer({ transactionalId: "id" });
      await expect(producer.transaction(given(Promise.resolve()))).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining("work is a promise"),
      });
      await expect(producer.send({ topic, value: "v" })).rejects.toMatchObject({
        code: "WRITER_FAILED",
        message: expect.stringContaining("within a transaction alone"),
      });
      await client.close();
    })(),
  );
});

describe("a producer that is closed", () => {
  test("sends first what still waits for its topic", async () => {
    const { platform, client, logs } = await produceScene();
    await platform.until(
      (async () => {
        const sent = client.producer().send({ topic, value: "v" });
        await client.close();
        expect(await sent).toMatchObject({ offset: 0 });
      })(),
    );
    expect(logs[0].values).toEqual(["v"]);
  });

  test("ends within its time, and tells what still waits", async () => {
    const { platform, client, nodes } = await produceScene();
    for (const node of nodes) node.on(metadataApi, () => "silence");
    await platform.until(
      (async () => {
        const producer = client.producer();
        const told = expect(producer.send({ topic, value: "v" })).rejects.toMatchObject({
          code: "WRITER_CLOSED",
        });
        const startMs = platform.clock.monotonicMs();
        await Promise.all([producer.close(200), producer.close(200)]);
        expect(platform.clock.monotonicMs() - startMs).toBeLessThanOrEqual(200);
        await told;
        await expect(producer.send({ topic, value: "v" })).rejects.toMatchObject({
          code: "WRITER_CLOSED",
        });
        await client.close();
      })(),
    );
  });

  test("asks no broker for anything more once it is closed", async () => {
    const { platform, client, nodes } = await produceScene();
    for (const node of nodes) node.on(initProducerIdApi, () => "close");
    await platform.until(
      (async () => {
        const producer = client.producer();
        producer.send({ topic, value: "v" }).catch(() => {}); // it has no chance
        await platform.timers.sleep(300);
        await producer.close(100);
        const asked = () => nodes.flatMap((node) => node.of("InitProducerId")).length;
        const before = asked();
        expect(before).toBeGreaterThan(0);
        await platform.timers.sleep(5_000);
        expect(asked()).toBe(before);
        await client.close();
      })(),
    );
  });
});
