import type { BatchWriterOptions, WriteRefusal } from "@millrace/cluster";
import { decodeUtf8, encodeUtf8, noHeaders } from "@millrace/model";
import { produceApi } from "@millrace/protocol/definitions";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { appendPicky, isBad, type Pickiness } from "../../test-support/picky-log.ts";
import {
  answerOf,
  notEnoughReplicas,
  produceScene,
  topic,
} from "../../test-support/produce-scene.ts";
import type { Refusal } from "../../test-support/scripted-broker.ts";

const pickiness = fc.constantFrom<Pickiness>("names-records", "names-no-records", "by-size");
const mishaps = fc.array(
  fc.record({
    kind: fc.constantFrom("ok", "lost-before", "lost-after", "refused"),
    delayMs: fc.nat(20),
  }),
  { maxLength: 8 },
);
/** How many records each burst has, and which of them are bad. */
const bursts = fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }), {
  minLength: 1,
  maxLength: 6,
});

/** A scene whose first broker is picky, and fails on the way now and then. */
async function pickyScene(
  how: Pickiness,
  trouble: readonly { readonly kind: string; readonly delayMs: number }[],
) {
  const scene = await produceScene();
  let next = 0;
  scene.nodes[0].on(produceApi, async (body): Promise<Refusal | ReturnType<typeof answerOf>> => {
    const { kind, delayMs } = trouble[next++] ?? { kind: "ok", delayMs: 0 };
    await scene.platform.timers.sleep(delayMs);
    if (kind === "lost-before") return "close";
    if (kind === "refused")
      return answerOf(body, () => ({ errorCode: notEnoughReplicas, baseOffset: -1 }));
    const answer = answerOf(body, (_, records) => appendPicky(scene.logs[0], records, how));
    return kind === "lost-after" ? "close" : answer;
  });
  return scene;
}

function valuesOf(flags: readonly (readonly boolean[])[]): readonly (readonly string[])[] {
  let count = 0;
  return flags.map((burst) => burst.map((bad) => `${bad ? "bad" : "good"}-${count++}`));
}

describe("each record has its own outcome", () => {
  test("CLIENT-5: only records at fault are refused, whoever shares their batch, request or partition", async () => {
    await fc.assert(
      fc.asyncProperty(pickiness, mishaps, bursts, async (how, trouble, flags) => {
        const { platform, logs, client } = await pickyScene(how, trouble);
        const all = valuesOf(flags);
        const outcomes = new Map<string, number | string>();
        await platform.until(
          (async () => {
            const producer = client.producer({ linger: 2, batchBytesMax: 250 });
            const sends: Promise<void>[] = [];
            for (const burst of all) {
              for (const value of burst) {
                const told = producer.send({ topic, value, timestamp: 0 }).then(
                  ({ offset }) => outcomes.set(value, offset),
                  (error) => outcomes.set(value, error.code),
                );
                sends.push(told.then(() => {}));
              }
              await platform.timers.sleep(3);
            }
            await Promise.all(sends);
            await client.close();
          })(),
        );
        const values = all.flat();
        expect(logs[0].values).toEqual(values.filter((value) => !isBad(value)));
        const code = how === "by-size" ? "RECORD_TOO_LARGE" : "WRITE_REFUSED";
        for (const value of values)
          expect([value, outcomes.get(value)]).toEqual([
            value,
            isBad(value) ? code : logs[0].values.indexOf(value),
          ]);
      }),
      { numRuns: 150 },
    );
  });

  test("a refused record is told what the broker says of it", async () => {
    const { platform, client } = await pickyScene("names-records", []);
    await platform.until(
      (async () => {
        const producer = client.producer();
        const sends = ["bad-1", "good", "bad-2"].map((value) => producer.send({ topic, value }));
        const [first, second, third] = await Promise.allSettled(sends);
        expect(first).toMatchObject({ reason: { code: "WRITE_REFUSED", retriable: false } });
        expect(first).toMatchObject({
          reason: { message: expect.stringContaining("INVALID_RECORD: no bad-1 here") },
        });
        expect(second).toMatchObject({ value: { offset: 0 } });
        expect(third).toMatchObject({
          reason: { message: expect.stringContaining("no bad-2 here") },
        });
        await client.close();
      })(),
    );
  });

  test("a partition that is refused leaves the others of its request alone", async () => {
    const { platform, nodes, logs, client } = await produceScene([1, 1]);
    const topicAuthorizationFailed = 29;
    nodes[0].on(produceApi, (body) =>
      answerOf(body, (index, records) =>
        index === 0
          ? { errorCode: topicAuthorizationFailed, baseOffset: -1 }
          : logs[1].append(records),
      ),
    );
    await platform.until(
      (async () => {
        const producer = client.producer();
        const sends = [0, 1].map((partition) => producer.send({ topic, value: "v", partition }));
        const [gone, fine] = await Promise.allSettled(sends);
        expect(gone).toMatchObject({ reason: { code: "NOT_AUTHORIZED" } });
        expect(fine).toMatchObject({ value: { partition: 1, offset: 0 } });
        await client.close();
      })(),
    );
  });

  test("a partition that is gone is told as that, and holds up no other", async () => {
    const { platform, nodes, logs, client } = await produceScene([1, 1]);
    const unknownTopicOrPartition = 3;
    nodes[0].on(produceApi, (body) =>
      answerOf(body, (index, records) =>
        index === 0
          ? { errorCode: unknownTopicOrPartition, baseOffset: -1 }
          : logs[1].append(records),
      ),
    );
    await platform.until(
      (async () => {
        const producer = client.producer({ deliveryTimeout: "5s" });
        const startMs = platform.clock.monotonicMs();
        const gone = producer.send({ topic, value: "v", partition: 0 });
        const told = expect(gone).rejects.toMatchObject({
          code: "TOPIC_NOT_FOUND",
          cause: { code: "UNKNOWN_TOPIC_OR_PARTITION" },
        });
        for (let index = 0; index < 10; index++)
          await producer.send({ topic, value: String(index), partition: 1 });
        expect(platform.clock.monotonicMs() - startMs).toBeLessThan(1_000);
        await told;
        await client.close();
      })(),
    );
    expect(logs[1].values).toHaveLength(10);
  });

  test("a batch whose time is over takes no younger one with it", async () => {
    const { platform, nodes, logs, client } = await produceScene();
    let isUp = false;
    nodes[0].on(produceApi, (body) =>
      isUp
        ? answerOf(body, (_, records) => logs[0].append(records))
        : answerOf(body, () => ({ errorCode: notEnoughReplicas, baseOffset: -1 })),
    );
    await platform.until(
      (async () => {
        const producer = client.producer({ deliveryTimeout: "1s", linger: 1 });
        const old = producer.send({ topic, value: "old" });
        const told = expect(old).rejects.toMatchObject({ code: "WRITE_REFUSED" });
        await platform.timers.sleep(700);
        const young = producer.send({ topic, value: "young" });
        await told;
        isUp = true;
        expect(await young).toMatchObject({ offset: 0 });
        await client.close();
      })(),
    );
    expect(logs[0].values).toEqual(["young"]);
  });

  test("what is with a broker when the producer is closed is told too", async () => {
    const { platform, nodes, client } = await produceScene();
    nodes[0].on(produceApi, () => "silence");
    await platform.until(
      (async () => {
        const producer = client.producer({ linger: 0 });
        const sent = producer.send({ topic, value: "v" });
        const told = expect(sent).rejects.toMatchObject({ code: "WRITER_CLOSED" });
        await platform.timers.sleep(50);
        await producer.close(100);
        await told;
        await client.close();
      })(),
    );
  });
});

describe("a writer that is asked about refused records", () => {
  async function writeAsked(
    options: BatchWriterOptions,
    how: Pickiness,
    {
      trouble = [],
      flags,
    }: { trouble?: readonly { kind: string; delayMs: number }[]; flags: boolean[][] },
  ) {
    const { platform, logs, client } = await pickyScene(how, trouble);
    const refusals: WriteRefusal[] = [];
    const values = valuesOf(flags);
    await platform.until(
      (async () => {
        const writer = client.openWriter({
          lingerMs: 2,
          batchBytesMax: 250,
          onRefused: (refusal) => {
            refusals.push(refusal);
            return "continue";
          },
          ...options,
        });
        await writer.prepare([topic]);
        const appender = writer.partition(topic, 0);
        for (const burst of values) {
          for (const value of burst) appender.append(7, null, encodeUtf8(value), noHeaders);
          await platform.timers.sleep(3);
        }
        expect(appender.appendedCount).toBe(values.flat().length);
        await writer.flush();
        await client.close();
      })(),
    );
    return { refusals, values: values.flat(), written: logs[0].values };
  }

  test("is told which ones, and goes on without them", async () => {
    await fc.assert(
      fc.asyncProperty(pickiness, mishaps, bursts, async (how, trouble, flags) => {
        const { refusals, values, written } = await writeAsked({}, how, { trouble, flags });
        expect(written).toEqual(values.filter((value) => !isBad(value)));
        const told = refusals.flatMap(({ records }) => records);
        expect(
          told
            .map(({ appendIndex, value }) => [appendIndex, decodeUtf8(value ?? new Uint8Array())])
            .toSorted(([left], [right]) => Number(left) - Number(right)),
        ).toEqual(values.flatMap((value, index) => (isBad(value) ? [[index, value]] : [])));
      }),
      { numRuns: 100 },
    );
  });

  test("hears the broker's reason, and which topic and partition", async () => {
    const { refusals } = await writeAsked({}, "names-records", { flags: [[false, true]] });
    expect(refusals).toEqual([
      {
        topic,
        partition: 0,
        error: expect.objectContaining({
          code: "WRITE_REFUSED",
          cause: expect.objectContaining({ code: "INVALID_RECORD" }),
        }),
        records: [
          { appendIndex: 1, timestamp: 7, key: null, value: encodeUtf8("bad-1"), headers: [] },
        ],
      },
    ]);
  });

  test("fails if it says so, and as before if nobody is asked", async () => {
    for (const onRefused of [() => "fail" as const, undefined])
      await expect(
        writeAsked({ onRefused }, "names-records", { flags: [[false, true]] }),
      ).rejects.toMatchObject({ code: "WRITE_REFUSED", retriable: false });
  });

  test("hears of what the delivery timeout ends", async () => {
    const { platform, nodes, client } = await produceScene();
    nodes[0].on(produceApi, (body) =>
      answerOf(body, () => ({ errorCode: notEnoughReplicas, baseOffset: -1 })),
    );
    const refusals: WriteRefusal[] = [];
    await platform.until(
      (async () => {
        const writer = client.openWriter({
          deliveryTimeoutMs: 1000,
          onRefused: (refusal) => (refusals.push(refusal), "continue"),
        });
        await writer.prepare([topic]);
        writer.partition(topic, 0).append(0, null, encodeUtf8("v"), noHeaders);
        await writer.flush();
        await client.close();
      })(),
    );
    expect(refusals).toMatchObject([
      { error: { code: "WRITE_REFUSED", retriable: true }, records: [{ appendIndex: 0 }] },
    ]);
  });
});
