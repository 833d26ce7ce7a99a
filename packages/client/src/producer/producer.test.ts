import type { BatchWriter, BatchWriterOptions } from "@millrace/cluster";
import { encodeUtf8, noHeaders } from "@millrace/model";
import { type Decoded } from "@millrace/protocol";
import { produceApi, type produceRequest } from "@millrace/protocol/definitions";
import { readBatchHeader } from "@millrace/protocol/records";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  answerOf,
  notEnoughReplicas,
  produceScene as scene,
  topic,
} from "../../test-support/produce-scene.ts";
import type { Refusal } from "../../test-support/scripted-broker.ts";
import type { KafkaClient } from "../kafka-client.ts";

const timedOut = 7;
const tooLarge = 10;
const unknownProducerId = 59;

async function openWriter(client: KafkaClient, options: BatchWriterOptions): Promise<BatchWriter> {
  const writer = client.openWriter(options);
  await writer.prepare([topic]);
  return writer;
}

function append(writer: BatchWriter, from: number, to: number, partition = 0): boolean {
  const appender = writer.partition(topic, partition);
  let hasRoom = true;
  for (let index = from; index < to; index++)
    hasRoom = appender.append(0, null, encodeUtf8(String(index)), noHeaders);
  return hasRoom;
}

function numbers(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => String(index));
}

describe("an idempotent writer", () => {
  test("CLIENT-5: whatever goes wrong on the way, each record is there once and in order", async () => {
    const mishap = fc.constantFrom(
      "ok",
      "lost-before",
      "lost-after",
      "refused",
      "silence" as const,
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ kind: mishap, delayMs: fc.nat(30) }), { maxLength: 25 }),
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 12 }),
        async (mishaps, bursts) => {
          const { platform, nodes, logs, client } = await scene();
          let next = 0;
          nodes[0].on(produceApi, async (body): Promise<Refusal | ReturnType<typeof answerOf>> => {
            const { kind, delayMs } = mishaps[next++] ?? { kind: "ok", delayMs: 0 };
            await platform.timers.sleep(delayMs);
            if (kind === "lost-before") return "close";
            if (kind === "refused")
              return answerOf(body, () => ({ errorCode: notEnoughReplicas, baseOffset: -1 }));
            const answer = answerOf(body, (index, records) => logs[index].append(records));
            if (kind === "silence") return "silence";
            return kind === "lost-after" ? "close" : answer;
          });
          let count = 0;
          await platform.until(
            (async () => {
              const writer = await openWriter(client, {
                batchBytesMax: 150,
                lingerMs: 3,
                deliveryTimeoutMs: 3_600_000,
              });
              for (const burst of bursts) {
                append(writer, count, (count += burst));
                await platform.timers.sleep(5);
              }
              expect(await writer.flush()).toEqual([{ topic, partition: 0, endOffset: count }]);
              await client.close();
            })(),
          );
          expect(logs[0].values).toEqual(numbers(count));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("follows a leader that moves, in order", async () => {
    const { platform, logs, client, place } = await scene();
    await platform.until(
      (async () => {
        const writer = await openWriter(client, { batchBytesMax: 200, lingerMs: 1 });
        append(writer, 0, 100);
        await writer.flush();
        if (place !== undefined) place.leaders = [2];
        append(writer, 100, 300);
        await writer.flush();
        await client.close();
      })(),
    );
    expect(logs[0].values).toEqual(numbers(300));
  });

  test("one request carries batches of many partitions", async () => {
    const { platform, nodes, logs, client } = await scene([1, 1, 1, 1]);
    await platform.until(
      (async () => {
        const writer = await openWriter(client, { lingerMs: 5 });
        await writer.flush();
        for (let partition = 0; partition < 4; partition++) append(writer, 0, 10, partition);
        await writer.flush();
        append(writer, 10, 11);
        await writer.flush();
        const produced = nodes[0]
          .of("Produce")
          .map(({ body }) => body as Decoded<typeof produceRequest>);
        expect(produced.map(({ topicData }) => topicData[0].partitionData.length)).toEqual([4, 1]);
        await client.close();
      })(),
    );
    for (const [index, { values }] of logs.entries())
      expect(values).toEqual(numbers(index === 0 ? 11 : 10));
  });

  test("a full batch is written to the socket before append returns", async () => {
    const { platform, client } = await scene();
    let writtenBytes = 0;
    const connectPlainly = platform.network.connect.bind(platform.network);
    platform.network.connect = async (address, signal) => {
      const connection = await connectPlainly(address, signal);
      const write = connection.write.bind(connection);
      connection.write = (parts) => {
        for (const part of parts) writtenBytes += part.length;
        return write(parts);
      };
      return connection;
    };
    await platform.until(
      (async () => {
        const writer = await openWriter(client, { batchBytesMax: 1000, lingerMs: 10_000 });
        append(writer, 0, 1);
        await writer.flush();
        const before = writtenBytes;
        append(writer, 1, 400);
        expect(writtenBytes - before).toBeGreaterThan(4000);
        await client.close();
      })(),
    );
  });

  test("CLIENT-6: a full buffer says so, and has room again once it is acknowledged", async () => {
    const { platform, logs, client } = await scene();
    await platform.until(
      (async () => {
        const writer = await openWriter(client, { bufferBytesMax: 20_000, batchBytesMax: 1000 });
        expect(append(writer, 0, 2500)).toBe(false);
        expect(writer.hasRoom).toBe(false);
        await writer.drained();
        expect(writer.hasRoom).toBe(true);
        await writer.flush();
        await client.close();
      })(),
    );
    expect(logs[0].values).toEqual(numbers(2500));
  });

  test("CLIENT-6: a record that cannot be encoded leaves nothing behind", async () => {
    const { platform, nodes, logs, client } = await scene();
    await platform.until(
      (async () => {
        const writer = await openWriter(client, {});
        const noBytes = 5 as never; // as from a program without types
        const appender = writer.partition(topic, 0);
        expect(() => appender.append(0, null, noBytes, noHeaders)).toThrow();
        await writer.flush();
        expect(nodes[0].of("Produce")).toEqual([]);
        append(writer, 0, 3);
        expect(await writer.flush()).toEqual([{ topic, partition: 0, endOffset: 3 }]);
        await client.close();
      })(),
    );
    expect(logs[0].values).toEqual(numbers(3));
  });

  test("what the delivery timeout ends is told once, and the writer goes on", async () => {
    const { platform, nodes, logs, client } = await scene();
    const refuse = (body: Decoded<typeof produceRequest>) =>
      answerOf(body, () => ({ errorCode: notEnoughReplicas, baseOffset: -1 }));
    await platform.until(
      (async () => {
        const writer = await openWriter(client, { deliveryTimeoutMs: 1000 });
        append(writer, 0, 5);
        await writer.flush();
        nodes[0].on(produceApi, refuse);
        append(writer, 5, 9);
        await expect(writer.flush()).rejects.toMatchObject({
          code: "WRITE_REFUSED",
          cause: { code: "NOT_ENOUGH_REPLICAS" },
        });
        nodes[0].on(produceApi, (body) => answerOf(body, (_, records) => logs[0].append(records)));
        append(writer, 5, 7);
        expect(await writer.flush()).toEqual([{ topic, partition: 0, endOffset: 7 }]);
        await client.close();
      })(),
    );
    expect(logs[0].values).toEqual(numbers(7));
  });

  test.each([
    ["was written", true, 0],
    ["was not", false, 0],
    ["was not, and the broker has forgotten the writer", false, unknownProducerId],
  ])(
    "what is sent again behind one that is given up is there once, whether that %s",
    async (_, isWritten, refusal) => {
      const { platform, nodes, logs, client } = await scene();
      await platform.until(
        (async () => {
          const writer = await openWriter(client, { deliveryTimeoutMs: 4000 });
          append(writer, 0, 1);
          await writer.flush();
          nodes[0].on(produceApi, (body) => {
            if (isWritten) answerOf(body, (_partition, records) => logs[0].append(records));
            return "silence";
          });
          append(writer, 1, 2);
          await platform.timers.sleep(2500);
          append(writer, 2, 3);
          await expect(writer.flush()).rejects.toMatchObject({ code: "REQUEST_TIMED_OUT" });
          nodes[0].on(produceApi, (body) =>
            answerOf(body, (_partition, records) =>
              refusal !== 0 && readBatchHeader(records, 0).producerEpoch === 0
                ? { errorCode: refusal, baseOffset: -1 }
                : logs[0].append(records),
            ),
          );
          append(writer, 3, 4);
          await writer.flush();
          await client.close();
        })(),
      );
      expect(logs[0].values).toEqual(isWritten ? numbers(4) : ["0", "2", "3"]);
    },
  );

  test("what is sent again before one that is refused is there once", async () => {
    const { platform, nodes, logs, client } = await scene();
    await platform.until(
      (async () => {
        const writer = await openWriter(client, {});
        append(writer, 0, 1);
        await writer.flush();
        const answers = [{ errorCode: timedOut }, { errorCode: tooLarge }];
        nodes[0].on(produceApi, async (body) => {
          const answer = answers.shift();
          await platform.timers.sleep(20);
          return answerOf(body, (_, records) => {
            const row =
              answer?.errorCode === tooLarge ? { baseOffset: -1 } : logs[0].append(records);
            return { errorCode: 0, ...row, ...answer };
          });
        });
        append(writer, 1, 2);
        await platform.timers.sleep(6);
        append(writer, 9, 10);
        await expect(writer.flush()).rejects.toMatchObject({ code: "RECORD_TOO_LARGE" });
        append(writer, 2, 3);
        await writer.flush();
        await client.close();
      })(),
    );
    expect(logs[0].values).toEqual(numbers(3));
  });

  test("close ends within its time, brokers or not, and may be called twice", async () => {
    const { platform, nodes, client } = await scene();
    await platform.until(
      (async () => {
        const writer = await openWriter(client, {});
        nodes[0].on(produceApi, () => "silence");
        append(writer, 0, 5);
        const startMs = platform.clock.monotonicMs();
        await writer.close(500);
        await writer.close(500);
        expect(platform.clock.monotonicMs() - startMs).toBeLessThanOrEqual(500);
        expect(() => append(writer, 5, 6)).toThrow(
          expect.objectContaining({ code: "WRITER_CLOSED" }),
        );
        await client.close();
      })(),
    );
  });
});
