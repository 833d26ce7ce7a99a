import { concatBytes } from "@millrace/model";
import { encodeEndTransactionMarker } from "@millrace/protocol/records";
import { fetchApi } from "@millrace/protocol/definitions";
import { describe, expect, test } from "vitest";
import { batch, play, values, type FetchBody } from "../../test-support/play-fetches.ts";
import type { ScriptedBroker } from "../../test-support/scripted-broker.ts";

const marker = (outcome: "commit" | "abort", producerId: number, baseOffset: number): Uint8Array =>
  encodeEndTransactionMarker({
    outcome,
    producerId,
    producerEpoch: 0,
    coordinatorEpoch: 0,
    timestamp: 0,
    baseOffset,
  });

describe("a reader", () => {
  test("CLIENT-2: begins within a batch, and gives each record once", () =>
    play(
      [1],
      (_, fetchOffset) => {
        if (fetchOffset === 2) return { records: batch(0, ["a", "b", "c", "d"]) };
        return fetchOffset === 4
          ? { records: concatBytes(batch(4, ["e"]), batch(7, ["f"])) }
          : undefined;
      },
      async ({ reader }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 2 }]);
        expect(await values(reader)).toEqual(["2:c", "3:d"]);
        expect(await values(reader)).toEqual(["4:e", "7:f"]);
        expect(reader.position({ topic: "t", partition: 0 })).toBe(8);
        expect(reader.endOffset({ topic: "t", partition: 0 })).toBe(90);
      },
    ));

  test("passes over aborted transactions and their markers", () =>
    play(
      [1],
      (_, fetchOffset) => {
        if (fetchOffset !== 0) return undefined;
        const records = concatBytes(
          batch(0, ["no"], 1),
          batch(1, ["yes"], 2),
          marker("abort", 1, 2),
          marker("commit", 2, 3),
          batch(4, ["later"], 1),
          marker("commit", 1, 5),
        );
        return { records, aborted: [{ producerId: 1, firstOffset: 0 }] };
      },
      async ({ reader }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
        expect(await values(reader)).toEqual(["1:yes", "4:later"]);
        expect(reader.position({ topic: "t", partition: 0 })).toBe(6);
      },
    ));

  test("asks in a session: later requests name what has changed alone", () =>
    play(
      [1, 1],
      (partition, fetchOffset) =>
        partition === 1 && fetchOffset < 3 ? { records: batch(fetchOffset, ["x"]) } : undefined,
      async ({ reader, broker }) => {
        reader.assign([0, 1].map((partition) => ({ topic: "t", partition, offset: 0 })));
        for (let count = 0; count < 3;) count += (await values(reader)).length;
        const asked = broker.of("Fetch").map(({ body }) => body as FetchBody);
        const named = asked.map(
          ({ topics }) => topics.flatMap(({ partitions }) => partitions.length)[0] ?? 0,
        );
        expect(named.slice(0, 3)).toEqual([2, 1, 1]);
        expect(
          asked.slice(0, 3).map(({ sessionId, sessionEpoch }) => [sessionId, sessionEpoch]),
        ).toEqual([
          [0, 0],
          [77, 1],
          [77, 2],
        ]);
      },
    ));

  test("names the epoch of what it has read last, where that may be: none is later than the leader's", () =>
    play(
      [1],
      (_, fetchOffset) => {
        if (fetchOffset > 1) return undefined;
        const records = batch(fetchOffset, ["x"]);
        records.set([0, 0, 0, fetchOffset === 0 ? 3 : 9], 12);
        return { records };
      },
      async ({ reader, broker, platform }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
        await values(reader);
        await values(reader);
        await platform.timers.sleep(100);
        const asked = broker.of("Fetch").map(({ body }) => body as FetchBody);
        const epochs = asked.flatMap(({ topics }) =>
          topics.flatMap(({ partitions }) => partitions.map((one) => one.lastFetchedEpoch)),
        );
        expect(epochs).toEqual([-1, 3, -1]);
      },
    ));

  const isNew = (_: number, fetchOffset: number) =>
    fetchOffset === 0 ? { records: batch(0, ["x"]) } : undefined;
  const sessionsOf = (broker: ScriptedBroker) =>
    broker.of("Fetch").map(({ body }) => {
      const { sessionId, sessionEpoch, topics } = body as FetchBody;
      return [sessionId, sessionEpoch, topics.length];
    });

  test.each([50, 2000])(
    "ends its session as it is closed, whether it is being answered or not (after %i ms)",
    (afterMs) =>
      play([1], isNew, async ({ reader, broker, platform }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
        expect(await values(reader)).toEqual(["0:x"]);
        await platform.timers.sleep(afterMs);
        const beginMs = platform.clock.monotonicMs();
        await reader.close();
        expect(platform.clock.monotonicMs() - beginMs).toBeLessThan(100);
        expect(sessionsOf(broker).at(-1)).toEqual([77, -1, 0]);
      }),
  );

  test.each(["silent", "gone"])("ends in time where the broker is %s", (how) =>
    play([1], isNew, async ({ reader, broker, platform }) => {
      reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
      expect(await values(reader)).toEqual(["0:x"]);
      if (how === "silent") broker.on(fetchApi, () => "silence");
      else broker.dropAll();
      const beginMs = platform.clock.monotonicMs();
      await reader.close();
      expect(platform.clock.monotonicMs() - beginMs).toBeLessThan(how === "silent" ? 300 : 1);
    }),
  );

  test("has a session that it begins anew end the one before", () =>
    play([1, 1], isNew, async ({ reader, broker }) => {
      reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
      expect(await values(reader)).toEqual(["0:x"]);
      reader.assign([{ topic: "t", partition: 1, offset: 0 }]);
      expect(await values(reader)).toEqual(["0:x"]);
      expect(sessionsOf(broker).slice(0, 2)).toEqual([
        [0, 0, 1],
        [77, 0, 1],
      ]);
    }));

  test("knows the end of what is assigned again where it was, though a session tells only what is new", () => {
    let untold = 1;
    return play(
      [1],
      () => (untold-- > 0 ? {} : undefined),
      async ({ reader, broker, platform }) => {
        const partition = { topic: "t", partition: 0 };
        reader.assign([{ ...partition, offset: 90 }]);
        await reader.poll({ waitMsMax: 100 });
        expect(reader.endOffset(partition)).toBe(90);
        reader.unassign([partition]);
        await platform.timers.sleep(2_000);
        reader.assign([{ ...partition, offset: 90 }]);
        await reader.poll({ waitMsMax: 100 });
        const asked = broker.of("Fetch").map(({ body }) => body as FetchBody);
        expect(asked.at(-1)).toMatchObject({
          sessionEpoch: 0,
          topics: [{ partitions: [{ partition: 0 }] }],
        });
      },
    );
  });

  test("a new position does not wait for the long poll under way", () =>
    play(
      [1, 1],
      (partition, fetchOffset) =>
        partition === 1 && fetchOffset === 0 ? { records: batch(0, ["x"]) } : undefined,
      async ({ reader, platform }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
        await reader.poll({ waitMsMax: 100 });
        const startMs = platform.clock.monotonicMs();
        reader.assign([{ topic: "t", partition: 1, offset: 0 }]);
        expect(await values(reader)).toEqual(["0:x"]);
        expect(platform.clock.monotonicMs() - startMs).toBeLessThan(50);
      },
    ));

  test("a held back partition gives nothing until it is resumed, also after a seek", () =>
    play(
      [1],
      (_, fetchOffset) => (fetchOffset < 1 ? { records: batch(0, ["x"]) } : undefined),
      async ({ reader }) => {
        const partition = { topic: "t", partition: 0 };
        reader.assign([{ ...partition, offset: 0 }]);
        reader.pause(partition);
        reader.assign([{ ...partition, offset: 0 }]);
        expect(await values(reader)).toEqual([]);
        reader.resume(partition);
        expect(await values(reader)).toEqual(["0:x"]);
      },
    ));

  test("a topic that is made anew is told, not read as if it were the old one", () =>
    play(
      [1],
      (_, fetchOffset) => (fetchOffset === 0 ? { records: batch(0, ["x"]) } : { errorCode: 100 }),
      async ({ reader, remakeTopic }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
        expect(await values(reader)).toEqual(["0:x"]);
        remakeTopic();
        await expect(reader.poll({ waitMsMax: 5000 })).rejects.toMatchObject({
          code: "TOPIC_RECREATED",
          topic: "t",
          partition: 0,
          message: expect.stringContaining("made anew"),
        });
      },
    ));

  test("a topic that is gone for ten seconds is told", () =>
    play(
      [1],
      () => ({ errorCode: 3 }),
      async ({ reader, deleteTopic, platform }) => {
        reader.assign([{ topic: "t", partition: 0, offset: 0 }]);
        await reader.poll({ waitMsMax: 100 });
        deleteTopic();
        const startMs = platform.clock.monotonicMs();
        await expect(reader.poll({ waitMsMax: 60_000 })).rejects.toMatchObject({
          code: "TOPIC_NOT_FOUND",
        });
        expect(platform.clock.monotonicMs() - startMs).toBeLessThan(15_000);
      },
    ));
});
