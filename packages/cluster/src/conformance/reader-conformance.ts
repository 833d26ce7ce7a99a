import { decodeUtf8, encodeUtf8, noHeaders, type Offset } from "@millrace/model";
import { check, checkEqual, codeOf, failureOf } from "@millrace/model/conformance";
import type { BatchReader } from "../batch-reader.ts";
import type { ClusterClient } from "../cluster-client.ts";
import { OffsetOutOfRangeError, PartitionError } from "../partition-error.ts";
import { caseOf, createTopic, pollEach, type ClusterCase } from "./cluster-case.ts";

/** Appends values to a partition, all in one flush. */
async function write(
  client: ClusterClient,
  topic: string,
  values: readonly string[],
  partition = 0,
): Promise<void> {
  const writer = client.openWriter({});
  await writer.prepare([topic]);
  for (const value of values)
    writer.partition(topic, partition).append(1, null, encodeUtf8(value), noHeaders);
  await writer.flush();
  await writer.close();
}

/** The values that come until there are so many, by `partition:value`. */
async function read(reader: BatchReader, count: number): Promise<readonly string[]> {
  const values: string[] = [];
  for (let polls = 0; polls < 60 && values.length < count; polls++)
    await pollEach(reader, ({ partition, value }) => {
      values.push(`${partition}:${decodeUtf8(value ?? new Uint8Array(0))}`);
    });
  return values;
}

/** What a poll rejects with, within half a minute. */
async function failureOfPoll(reader: BatchReader): Promise<unknown> {
  for (let polls = 0; polls < 60; polls++) {
    const failure = await failureOf(() => pollEach(reader, () => {}));
    if (failure !== undefined) return failure;
  }
  return undefined;
}

function at(topic: string, partition: number, offset: Offset) {
  return { topic, partition, offset };
}

export const readerConformance: readonly ClusterCase[] = [
  caseOf("a reader begins where it is told, and goes on in order", async (client, subject) => {
    const topic = await createTopic(client, subject);
    await write(client, topic, ["0", "1", "2"]);
    const reader = client.openReader({ isolation: "read_uncommitted" });
    reader.assign([at(topic, 0, 1)]);
    checkEqual(await read(reader, 2), ["0:1", "0:2"], "from offset 1");
    checkEqual(reader.position(at(topic, 0, 0)), 3, "position behind the last record");
    checkEqual(reader.endOffset(at(topic, 0, 0)), 3, "end");
    await write(client, topic, ["3"]);
    checkEqual(await read(reader, 1), ["0:3"], "what comes later");
    reader.assign([at(topic, 0, 0)]);
    checkEqual(await read(reader, 4), ["0:0", "0:1", "0:2", "0:3"], "moved back");
    reader.unassign([at(topic, 0, 0)]);
    checkEqual(reader.position(at(topic, 0, 0)), undefined, "position of what was given up");
  }),

  caseOf(
    "a poll waits no longer than it may, and an abort is no error",
    async (client, subject) => {
      const topic = await createTopic(client, subject);
      const reader = client.openReader({ isolation: "read_committed" });
      reader.assign([at(topic, 0, 0)]);
      checkEqual((await reader.poll({ waitMsMax: 1 })).length, 0, "nothing came");
      const stop = new AbortController();
      const polling = reader.poll({ waitMsMax: 600_000, signal: stop.signal });
      await subject.sleep(50);
      stop.abort();
      checkEqual((await polling).length, 0, "aborted");
    },
  ),

  caseOf(
    "a partition that is held back gives nothing until it is resumed",
    async (client, subject) => {
      const topic = await createTopic(client, subject, 2);
      for (const partition of [0, 1]) await write(client, topic, ["x"], partition);
      const reader = client.openReader({ isolation: "read_committed" });
      reader.assign([at(topic, 0, 0), at(topic, 1, 0)]);
      reader.pause(at(topic, 0, 0));
      checkEqual(await read(reader, 1), ["1:x"], "the other one");
      checkEqual((await reader.poll({ waitMsMax: 200 })).length, 0, "nothing of it");
      reader.resume(at(topic, 0, 0));
      checkEqual(await read(reader, 1), ["0:x"], "resumed");
    },
  ),

  caseOf(
    "an offset out of range is told with the log's bounds, of that partition alone",
    async (client, subject) => {
      const topic = await createTopic(client, subject, 2);
      for (const partition of [0, 1]) await write(client, topic, ["a", "b", "c"], partition);
      await client.admin.deleteRecords([at(topic, 0, 2)]);
      const reader = client.openReader({ isolation: "read_committed" });
      for (const offset of [0, 77]) {
        reader.assign([at(topic, 0, offset), at(topic, 1, 0)]);
        const failure = await failureOfPoll(reader);
        check(
          failure instanceof OffsetOutOfRangeError,
          `an OffsetOutOfRangeError: ${String(failure)}`,
        );
        const { partition, startOffset, endOffset } = failure;
        checkEqual(
          [failure.topic, partition, failure.offset, startOffset, endOffset],
          [topic, 0, offset, 2, 3],
          "what it tells",
        );
      }
      reader.assign([at(topic, 0, 2), at(topic, 1, 0)]);
      const values = await read(reader, 4);
      checkEqual(values.toSorted(), ["0:c", "1:a", "1:b", "1:c"], "after it was mended");
    },
  ),

  caseOf("a topic that is deleted is told, and the others are read on", async (client, subject) => {
    const gone = await createTopic(client, subject);
    const kept = await createTopic(client, subject);
    const reader = client.openReader({ isolation: "read_committed" });
    reader.assign([at(gone, 0, 0), at(kept, 0, 0)]);
    await pollEach(reader, () => {});
    const [{ error }] = await client.admin.deleteTopics([gone]);
    check(error === undefined, `the topic is deleted: ${String(error)}`);
    const failure = await failureOfPoll(reader);
    check(failure instanceof PartitionError, `a PartitionError: ${String(failure)}`);
    checkEqual([codeOf(failure), failure.topic], ["TOPIC_NOT_FOUND", gone], "what it tells");
    reader.unassign([at(gone, 0, 0)]);
    await write(client, kept, ["x"]);
    checkEqual(await read(reader, 1), ["0:x"], "the other topic");
  }),
];
