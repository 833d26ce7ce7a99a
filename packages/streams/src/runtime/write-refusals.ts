import type { RefusalDecision, WriteRefusal } from "@millrace/cluster";
import { topicPartitionName } from "@millrace/model";

import { StreamsError } from "../error/streams-error.ts";
import { WriteOrigins } from "../task/write-origins.ts";

/**
 * Has the tasks decide about records that the cluster refused after they were handed over, by the input that each was
 * written for.
 */
export class WriteRefusals {
  readonly origins = new WriteOrigins();
  #failure: unknown;
  #count = 0;

  /** What a task has decided to end for: no rebuild would mend it. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Records left out so far: whoever left them out may have written dead letters. */
  get count(): number {
    return this.#count;
  }

  readonly decide = (refusal: WriteRefusal): RefusalDecision => {
    // What may pass is no record's fault: the tasks are rebuilt, and it is tried again until `taskTimeout`.
    if (refusal.error.retriable) return "fail";
    try {
      for (const record of refusal.records) this.#ask(refusal, record);
    } catch (failure) {
      this.#failure ??= failure;
      return "fail";
    }
    this.#count += refusal.records.length;
    return "continue";
  };

  #ask(
    { topic, partition, error }: WriteRefusal,
    { appendIndex, timestamp, headers }: WriteRefusal["records"][number],
  ): void {
    const origin = this.origins.find({ topic, partition }, appendIndex);
    if (origin === undefined)
      throw new StreamsError(
        "PRODUCTION_FAILED",
        `a record for ${topicPartitionName(topic, partition)} was refused: ${error.message}`,
        { cause: error },
      );
    const { source } = origin;
    source.onRefused(
      {
        topic,
        partition,
        timestamp,
        headers,
        node: source.node,
        isChangelog: source.isChangelog,
        inputTopic: origin.topic,
        inputPartition: origin.partition,
        inputOffset: origin.offset,
      },
      error,
    );
  }
}
