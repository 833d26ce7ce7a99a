import { decodeUtf8, encodeUtf8, noHeaders } from "@millrace/model";
import { check, checkEqual, codeOf, failureOf } from "@millrace/model/conformance";
import type { BatchWriter } from "../batch-writer.ts";
import type { ClusterClient } from "../cluster-client.ts";
import { caseOf, createTopic, pollEach, untilSo, type ClusterCase } from "./cluster-case.ts";

async function openTransactional(client: ClusterClient, transactionalId: string, topic: string) {
  const writer = client.openWriter({ transactionalId });
  await writer.initialize();
  await writer.prepare([topic]);
  return writer;
}

function append(writer: BatchWriter, topic: string, value: string): void {
  writer.partition(topic, 0).append(1, null, encodeUtf8(value), noHeaders);
}

/** Reads to the end that the isolation may see. Gives the values and where the reader then stands. */
async function readAll(
  client: ClusterClient,
  topic: string,
  isolation: "read_committed" | "read_uncommitted",
): Promise<{ readonly values: readonly string[]; readonly position: number }> {
  const place = { topic, partition: 0 };
  const [{ offset: end }] = await client.admin.listOffsets([{ ...place, at: "latest" }], {
    isolation,
  });
  const reader = client.openReader({ isolation });
  reader.assign([{ ...place, offset: 0 }]);
  const values: string[] = [];
  const positionOf = (): number => reader.position(place) ?? 0;
  for (let polls = 0; polls < 60 && positionOf() < end; polls++)
    await pollEach(reader, ({ value }) => {
      values.push(decodeUtf8(value ?? new Uint8Array(0)));
    });
  const position = positionOf();
  await reader.close();
  return { values, position };
}

export const writerConformance: readonly ClusterCase[] = [
  caseOf(
    "CLUSTER-1: records go out and come in in batches, as they were",
    async (client, subject) => {
      const topic = await createTopic(client, subject, 2);
      const writer = client.openWriter({});
      await writer.prepare([topic]);
      checkEqual(writer.partitionCount(topic), 2, "partitions of a prepared topic");
      check(
        writer.partition(topic, 1) === writer.partition(topic, 1),
        "one appender per partition",
      );
      for (let index = 0; index < 500; index++) {
        const key = index % 3 === 0 ? null : encodeUtf8(`k${index}`);
        const value = index % 5 === 0 ? null : encodeUtf8(`v${index}`);
        const headers =
          index % 7 === 0
            ? ([
                ["h", encodeUtf8("1")],
                ["h", encodeUtf8("2")],
              ] as const)
            : noHeaders;
        writer.partition(topic, 1).append(1000 + index, key, value, headers);
      }
      const written = await writer.flush();
      checkEqual(written, [{ topic, partition: 1, endOffset: 500 }], "ends of what was written");
      checkEqual(await writer.flush(), [], "nothing since");
      const reader = client.openReader({ isolation: "read_committed" });
      reader.assign([{ topic, partition: 1, offset: 0 }]);
      const text = (bytes: Uint8Array | null) => (bytes === null ? null : decodeUtf8(bytes));
      const seen: unknown[] = [];
      for (let polls = 0; polls < 60 && seen.length < 500; polls++)
        await pollEach(reader, ({ offset, timestamp, key, value, headers }) => {
          seen.push([offset, timestamp, text(key), text(value), headers.length]);
        });
      const sent = Array.from({ length: 500 }, (_, index) => [
        index,
        1000 + index,
        index % 3 === 0 ? null : `k${index}`,
        index % 5 === 0 ? null : `v${index}`,
        index % 7 === 0 ? 2 : 0,
      ]);
      checkEqual(seen, sent, "records");
    },
  ),

  caseOf(
    "headers keep their order, also of one name, and may have no value",
    async (client, subject) => {
      const topic = await createTopic(client, subject);
      const headers = ["b", "a", "b", "1"].map(
        (name, index) => [name, index === 1 ? null : encodeUtf8(`${index}`)] as const,
      );
      const writer = client.openWriter({});
      writer.partition(topic, 0).append(1, null, null, headers);
      await writer.flush();
      const reader = client.openReader({ isolation: "read_committed" });
      reader.assign([{ topic, partition: 0, offset: 0 }]);
      const seen: unknown[] = [];
      for (let polls = 0; polls < 60 && seen.length === 0; polls++)
        await pollEach(reader, (record) => {
          for (const [name, value] of record.headers)
            seen.push([name, value === null ? null : decodeUtf8(value)]);
        });
      checkEqual(
        seen,
        [
          ["b", "0"],
          ["a", null],
          ["b", "2"],
          ["1", "3"],
        ],
        "headers",
      );
    },
    ["exact-headers"],
  ),

  caseOf(
    "what is written with zstd comes back",
    async (client, subject) => {
      const topic = await createTopic(client, subject);
      const writer = client.openWriter({ compression: "zstd" });
      for (const value of ["a", "b"]) append(writer, topic, value.repeat(1000));
      await writer.flush();
      const { values } = await readAll(client, topic, "read_committed");
      checkEqual(values, ["a".repeat(1000), "b".repeat(1000)], "values");
    },
    ["zstd"],
  ),

  caseOf(
    "a flush tells where each partition ends, however many batches it took",
    async (client, subject) => {
      const topic = await createTopic(client, subject, 2);
      const writer = client.openWriter({ batchBytesMax: 2000, lingerMs: 10_000 });
      for (let index = 0; index < 100; index++)
        writer
          .partition(topic, index % 3 === 0 ? 0 : 1)
          .append(1, null, encodeUtf8(`${index}`.padEnd(100, "x")), noHeaders);
      const ends = await writer.flush();
      checkEqual(
        ends.toSorted((left, right) => left.partition - right.partition),
        [
          { topic, partition: 0, endOffset: 34 },
          { topic, partition: 1, endOffset: 66 },
        ],
        "ends",
      );
      const { values } = await readAll(client, topic, "read_committed");
      checkEqual(
        values.map((value) => value.replaceAll("x", "")),
        Array.from({ length: 34 }, (_, index) => `${index * 3}`),
        "values of the first",
      );
    },
  ),

  caseOf("a topic that is not there is told when it is prepared", async (client, subject) => {
    const writer = client.openWriter({});
    const failure = await failureOf(() => writer.prepare([subject.newName("nowhere")]));
    checkEqual(codeOf(failure), "TOPIC_NOT_FOUND", "code");
  }),

  caseOf(
    "a record beyond the writer's bound is told at once, and takes nothing with it",
    async (client, subject) => {
      const topic = await createTopic(client, subject);
      const writer = client.openWriter({ requestBytesMax: 10_000, batchBytesMax: 1000 });
      append(writer, topic, "before");
      const large = encodeUtf8("x".repeat(20_000));
      const failure = await failureOf(() =>
        writer.partition(topic, 0).append(1, null, large, noHeaders),
      );
      checkEqual(codeOf(failure), "RECORD_TOO_LARGE", "code");
      append(writer, topic, "behind");
      await writer.flush();
      checkEqual(
        (await readAll(client, topic, "read_committed")).values,
        ["before", "behind"],
        "values",
      );
    },
  ),

  caseOf(
    "a transaction is seen as a whole or not at all, and a reader's position passes its end",
    async (client, subject) => {
      const topic = await createTopic(client, subject);
      const writer = await openTransactional(client, subject.newName("id"), topic);
      for (const outcome of ["commit", "abort", "commit", "abort"] as const) {
        writer.begin();
        append(writer, topic, outcome);
        await writer.flush();
        if (outcome === "commit") await writer.commit();
        else await writer.abort();
      }
      // The end of a transaction is written to its partitions a little after it is decided.
      const isAtEnd = async () => (await readAll(client, topic, "read_committed")).position === 8;
      await untilSo(subject, "a reader's position passes the last end", isAtEnd);
      const { values } = await readAll(client, topic, "read_committed");
      checkEqual(values, ["commit", "commit"], "committed records");
      const all = await readAll(client, topic, "read_uncommitted");
      checkEqual(
        all,
        { values: ["commit", "abort", "commit", "abort"], position: 8 },
        "all records",
      );
    },
    ["transactions"],
  ),

  caseOf(
    "what is appended after a division waits for the next transaction, and goes with an abort of this one",
    async (client, subject) => {
      const topic = await createTopic(client, subject);
      const writer = await openTransactional(client, subject.newName("id"), topic);
      writer.begin();
      append(writer, topic, "before");
      writer.divide();
      append(writer, topic, "behind");
      checkEqual((await writer.flush())[0].endOffset, 1, "end of what was flushed");
      const ending = writer.commit();
      append(writer, topic, "meanwhile");
      await ending;
      const committed = async () => (await readAll(client, topic, "read_committed")).values;
      const hasAll = (count: number) => async () => (await committed()).length >= count;
      await untilSo(subject, "what was committed is seen", hasAll(1));
      checkEqual(await committed(), ["before"], "of the first transaction");
      writer.begin();
      await writer.commit();
      await untilSo(subject, "what waited is seen", hasAll(3));
      checkEqual(await committed(), ["before", "behind", "meanwhile"], "of the second one");
      writer.begin();
      append(writer, topic, "lost");
      writer.divide();
      append(writer, topic, "lost too");
      await writer.abort();
      writer.begin();
      append(writer, topic, "last");
      await writer.commit();
      await untilSo(subject, "the last one is seen", hasAll(4));
      checkEqual(await committed(), ["before", "behind", "meanwhile", "last"], "in the end");
    },
    ["transactions", "fenced-offsets"],
  ),

  caseOf(
    "CLUSTER-2: a writer that was fenced fails with every call until abort, which says so, and nothing of it is seen",
    async (client, subject) => {
      const topic = await createTopic(client, subject);
      const transactionalId = subject.newName("id");
      const first = await openTransactional(client, transactionalId, topic);
      first.begin();
      append(first, topic, "lost");
      await first.flush();
      const second = await openTransactional(client, transactionalId, topic);
      append(first, topic, "lost too");
      const isTold = (code: unknown) => code === "WRITER_FENCED" || code === "TRANSACTION_ABORTED";
      for (const call of [() => first.commit(), () => first.flush(), () => first.commit()])
        check(isTold(codeOf(await failureOf(call))), "an error that stays");
      checkEqual(codeOf(await failureOf(() => first.abort())), "WRITER_FENCED", "what abort says");
      second.begin();
      append(second, topic, "kept");
      await second.commit();
      const valuesOf = async () => (await readAll(client, topic, "read_committed")).values;
      await untilSo(subject, "a record is seen", async () => (await valuesOf()).length > 0);
      checkEqual(await valuesOf(), ["kept"], "values");
    },
    ["transactions"],
  ),
];
