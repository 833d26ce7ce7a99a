import type { WriteRefusal } from "@millrace/cluster";
import { decodeUtf8, noBytes } from "@millrace/model";
import { produceApi } from "@millrace/protocol/definitions";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { appendPicky, isBad, type Pickiness } from "../../test-support/picky-log.ts";
import { playTransactions, topic } from "../../test-support/play-transactions.ts";
import { answerOf, notEnoughReplicas } from "../../test-support/produce-scene.ts";
import type { Refusal } from "../../test-support/scripted-broker.ts";

const story = fc.record({
  version: fc.constantFrom(1, 2),
  how: fc.constantFrom<Pickiness>("names-records", "names-no-records", "by-size"),
  trouble: fc.array(fc.constantFrom("ok", "lost-before", "lost-after", "refused"), {
    maxLength: 10,
  }),
  /** Bursts of each transaction; true: a bad record. */
  transactions: fc.array(
    fc.array(fc.array(fc.boolean(), { minLength: 1, maxLength: 10 }), { maxLength: 4 }),
    { minLength: 1, maxLength: 4 },
  ),
});

describe("within a transaction", () => {
  test("CLIENT-5: refused records are left out, all others are committed, once and in order", async () => {
    let committedCount = 0;
    await fc.assert(
      fc.asyncProperty(story, async ({ version, how, trouble, transactions }) => {
        let next = 0;
        let nextValue = 0;
        const refused: WriteRefusal[] = [];
        const options = {
          lingerMs: 2,
          batchBytesMax: 250,
          onRefused: (refusal: WriteRefusal) => (refused.push(refusal), "continue" as const),
        };
        await playTransactions(
          version,
          async ({ broker, writer, append, log, sleep }) => {
            broker.on(produceApi, async (body): Promise<Refusal | ReturnType<typeof answerOf>> => {
              const kind = trouble[next++] ?? "ok";
              await sleep(next % 7);
              if (kind === "lost-before") return "close";
              if (kind === "refused")
                return answerOf(body, () => ({ errorCode: notEnoughReplicas, baseOffset: -1 }));
              const answer = answerOf(body, (_, records) => appendPicky(log, records, how));
              return kind === "lost-after" ? "close" : answer;
            });
            for (const bursts of transactions) {
              writer.begin();
              const values: string[] = [];
              const start = log.values.length;
              try {
                for (const burst of bursts) {
                  for (const bad of burst) {
                    const value = `${bad ? "bad" : "good"}-${nextValue++}`;
                    values.push(value);
                    append(value);
                  }
                  await sleep(3);
                }
                await writer.commit();
              } catch (error) {
                expect(error).toMatchObject({ code: "TRANSACTION_ABORTED" });
                expect(trouble.some((kind) => kind.startsWith("lost"))).toBe(true);
                await writer.abort();
                continue;
              }
              committedCount++;
              expect(log.values.slice(start)).toEqual(values.filter((value) => !isBad(value)));
            }
            expect(log.values.filter(isBad)).toEqual([]);
          },
          options,
        );
      }),
      { numRuns: 150 },
    );
    expect(committedCount).toBeGreaterThan(150);
  });

  test("CLIENT-9: what is appended after a division waits for the next transaction; what is written for refused records does not", async () => {
    let committedCount = 0;
    await fc.assert(
      fc.asyncProperty(story, async ({ version, how, trouble, transactions }) => {
        let next = 0;
        let write: (value: string) => void = () => {};
        const onRefused = ({ records }: WriteRefusal) => {
          for (const { value } of records) write(`letter of ${decodeUtf8(value ?? noBytes)}`);
          return "continue" as const;
        };
        await playTransactions(
          version,
          async ({ broker, writer, append, log, sleep }) => {
            write = append;
            broker.on(produceApi, async (body): Promise<Refusal | ReturnType<typeof answerOf>> => {
              const kind = trouble[next++] ?? "ok";
              await sleep(next % 7);
              if (kind === "lost-before") return "close";
              if (kind === "refused")
                return answerOf(body, () => ({ errorCode: notEnoughReplicas, baseOffset: -1 }));
              const answer = answerOf(body, (_, records) => appendPicky(log, records, how));
              return kind === "lost-after" ? "close" : answer;
            });
            writer.begin();
            let start = 0;
            for (const [index, bursts] of [...transactions, []].entries()) {
              const values = (transactions[index - 1] ?? []).flat().map(valueOf(index - 1));
              try {
                writer.divide();
                for (const value of bursts.flat().map(valueOf(index))) append(value);
                await writer.flush();
                await writer.commit();
                const outcomes = values.map((value) =>
                  isBad(value) ? `letter of ${value}` : value,
                );
                const written = log.values.slice(start);
                start = log.values.length;
                expect(written.toSorted()).toEqual(outcomes.toSorted());
                const isGood = (value: string): boolean => value.startsWith("good");
                expect(written.filter(isGood)).toEqual(values.filter(isGood));
                committedCount++;
              } catch (error) {
                expect(error).toMatchObject({ code: "TRANSACTION_ABORTED" });
                expect(trouble.some((kind) => kind.startsWith("lost"))).toBe(true);
                await writer.abort();
                return;
              }
              writer.begin();
            }
          },
          { lingerMs: 2, batchBytesMax: 250, onRefused },
        );
      }),
      { numRuns: 150 },
    );
    expect(committedCount).toBeGreaterThan(150);
  });

  test("a refusal that nobody leaves out is told as final, and the writer goes on after abort", () =>
    playTransactions(2, async ({ broker, writer, append, log }) => {
      broker.on(produceApi, (body) =>
        answerOf(body, (_, records) => appendPicky(log, records, "names-records")),
      );
      writer.begin();
      append("good");
      append("bad");
      await expect(writer.commit()).rejects.toMatchObject({
        code: "WRITE_REFUSED",
        retriable: false,
        cause: { code: "INVALID_RECORD" },
      });
      await writer.abort();
      writer.begin();
      append("later");
      await writer.commit();
      expect(log.values).toEqual(["later"]);
    }));

  test("what is refused after the transaction failed is told at once too, and does not wait for its end", () =>
    playTransactions(2, async ({ broker, client, sleep }) => {
      const errorCodes = [87, 10, 19];
      let asked = 0;
      broker.on(produceApi, async (body) => {
        const errorCode = errorCodes[asked++];
        await sleep(20);
        return answerOf(body, () => ({ errorCode, baseOffset: -1 }));
      });
      const producer = client.producer({ transactionalId: "other", linger: 1 });
      const outcomes: PromiseSettledResult<unknown>[] = [];
      const work = producer.transaction(async () => {
        const sends: Promise<unknown>[] = [];
        for (const values of [["a"], ["b", "c"], ["d", "e"]]) {
          for (const value of values) sends.push(producer.send({ topic, value }));
          await sleep(5);
        }
        outcomes.push(...(await Promise.allSettled(sends)));
      });
      await expect(work).rejects.toMatchObject({ code: "WRITE_REFUSED", retriable: false });
      expect(asked).toBe(3);
      const aborted = { reason: { code: "TRANSACTION_ABORTED" } };
      const refused = { reason: { code: "WRITE_REFUSED" } };
      expect(outcomes).toMatchObject([refused, aborted, aborted, aborted, aborted]);
    }));

  test("records that go down with a refused one are told at once, each why", () =>
    playTransactions(2, async ({ broker, client, log }) => {
      broker.on(produceApi, (body) =>
        answerOf(body, (_, records) => appendPicky(log, records, "names-records")),
      );
      const producer = client.producer({ transactionalId: "other", linger: 1 });
      const outcomes: PromiseSettledResult<unknown>[] = [];
      const work = producer.transaction(async () => {
        const sends = ["good", "bad"].map((value) => producer.send({ topic, value }));
        outcomes.push(...(await Promise.allSettled(sends)));
      });
      await expect(work).rejects.toMatchObject({ code: "WRITE_REFUSED" });
      expect(outcomes).toMatchObject([
        { reason: { code: "TRANSACTION_ABORTED", cause: { code: "WRITE_REFUSED" } } },
        { reason: { code: "WRITE_REFUSED" } },
      ]);
    }));
});

function valueOf(transaction: number): (isRefused: boolean, index: number) => string {
  return (isRefused, index) => `${isRefused ? "bad" : "good"}-${transaction}-${index}`;
}
