import { setTimeout as sleep } from "node:timers/promises";

import { ClusterError, type ClusterClient } from "millrace";
import type { TopicPartition } from "@millrace/model";

import { asText, type JsonObject } from "../program.ts";
import { headersOf } from "../run-program.ts";
import { bytesOf } from "../values.ts";
import { partitionCount, partitionOf, type PlacedProgram } from "./placed-program.ts";

/** How often is looked whether all was processed. */
const lookMs = 50;
/** Longer than an application takes until it looks again for windows that have closed. */
const emitPauseMs = 1300;

/** Writes a program's input, and sees when it was processed. */
export class Feeder implements AsyncDisposable {
  readonly #client: ClusterClient;
  readonly #placed: PlacedProgram;
  readonly #writer;
  readonly #group;
  #lastTopic: string | undefined;

  constructor(client: ClusterClient, placed: PlacedProgram) {
    this.#client = client;
    this.#placed = placed;
    this.#writer = client.openWriter({ lingerMs: 0 });
    this.#group = client.openMembership({
      groupId: placed.applicationId,
      assignors: [],
      topics: () => [],
    });
  }

  /** What is there before the application starts. */
  async prepare(steps: readonly JsonObject[], signal: AbortSignal): Promise<void> {
    for (const step of steps) await this.#write(step, signal);
    await this.#writer.flush(signal);
  }

  /**
   * What goes to another topic waits until what came before was processed: the order between topics decides in
   * joins, and between topics there is none. So it is where an application was killed and started again in between.
   */
  async feed(steps: readonly JsonObject[], signal: AbortSignal): Promise<void> {
    for (const step of steps) {
      const topic = asText(step["pipe"]);
      if (topic !== (this.#lastTopic ?? topic)) await this.allProcessed(signal);
      this.#lastTopic = topic;
      await this.#write(step, signal);
    }
    await this.#writer.flush(signal);
  }

  /** Once all is processed, and so late that the application looks for what has closed with each of these. */
  async feedLast(steps: readonly JsonObject[], signal: AbortSignal): Promise<void> {
    if (steps.length === 0) return;
    await this.allProcessed(signal);
    await sleep(emitPauseMs, undefined, { signal });
    await this.feed(steps, signal);
  }

  /** Resolves once nothing is left of any input, and all that came of it is committed. */
  async allProcessed(signal: AbortSignal): Promise<void> {
    await this.#writer.flush(signal);
    while (!(await this.#isProcessed(signal))) await sleep(lookMs, undefined, { signal });
  }

  /** Resolves once an input has a committed offset. */
  async someProcessed(signal: AbortSignal): Promise<void> {
    const partitions = this.#placed.readTopics.flatMap((topic) =>
      Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition })),
    );
    while ((await this.#group.committed(partitions, signal)).length === 0)
      await sleep(lookMs, undefined, { signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#writer.close(), this.#group.close()]);
  }

  async #write(step: JsonObject, signal: AbortSignal): Promise<void> {
    const { placed, typesOf } = this.#placed;
    const topic = asText(step["pipe"]);
    const types = typesOf(topic);
    const name = placed(topic);
    await this.#writer.prepare([name], signal);
    const key = bytesOf(step["key"], types.key);
    this.#writer
      .partition(name, partitionOf(step, this.#placed))
      .append(Number(step["ts"]), key, bytesOf(step["value"], types.value), headersOf(step));
  }

  /** Offsets first, then ends: what was written meanwhile came of what is not committed yet. */
  async #isProcessed(signal: AbortSignal): Promise<boolean> {
    const { admin } = this.#client;
    const topics = await admin.describeTopics(this.#placed.readTopics, signal);
    if (topics.size < this.#placed.readTopics.length) return false; // internal ones are not made yet
    const partitions = [...topics.values()].flatMap(({ name: topic, partitionCount: count }) =>
      Array.from({ length: count }, (_, partition) => ({ topic, partition })),
    );
    const committed = await this.#group.committed(partitions, signal);
    const ends = await admin.listOffsets(
      partitions.map((one) => ({ ...one, at: "latest" as const })),
      { isolation: "read_uncommitted", signal },
    );
    const open = ends.flatMap((end) => {
      const own = committed.find((one) => isSame(one, end));
      const from = own?.offset ?? 0;
      return from < end.offset ? [{ ...end, from }] : [];
    });
    for (const { topic, partition, from, offset } of open)
      if (await this.#hasRecords({ topic, partition, from, end: offset }, signal)) return false;
    return true;
  }

  /** A transaction's mark may be what is left. */
  async #hasRecords(
    { end, from, ...partition }: TopicPartition & { readonly from: number; readonly end: number },
    signal: AbortSignal,
  ): Promise<boolean> {
    const reader = this.#client.openReader({ isolation: "read_uncommitted", fetchWaitMsMax: 20 });
    try {
      reader.assign([{ ...partition, offset: from }]);
      while ((reader.position(partition) ?? 0) < end) {
        signal.throwIfAborted(); // no poll waits then
        for (const batch of await reader.poll({ waitMsMax: 20, signal })) {
          const hasOne = batch.next();
          batch.release();
          if (hasOne) return true;
        }
      }
      return false;
    } catch (error) {
      // What was processed of a repartition topic is deleted: look again.
      if (error instanceof ClusterError && error.code === "OFFSET_OUT_OF_RANGE") return true;
      throw error;
    } finally {
      await reader.close();
    }
  }
}

function isSame(one: TopicPartition, other: TopicPartition): boolean {
  return one.topic === other.topic && one.partition === other.partition;
}

export async function createTopics(
  client: ClusterClient,
  programs: readonly PlacedProgram[],
): Promise<void> {
  const topics = programs.flatMap(({ userTopics }) => userTopics);
  // The times of programs begin in 1970.
  const configs = { "retention.ms": "-1" };
  const results = await client.admin.createTopics(
    topics.map((name) => ({ name, partitionCount, configs })),
  );
  for (const { error } of results) if (error !== undefined) throw error;
}
