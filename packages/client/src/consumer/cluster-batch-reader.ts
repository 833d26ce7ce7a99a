import type { BatchReader, BatchReaderOptions } from "@millrace/cluster";
import type { Offset, RecordBatchView, TopicPartition } from "@millrace/model";

import { pollOptions, positions, topicPartition, topicPartitions } from "../argument-kinds.ts";
import { checkArguments } from "../arguments.ts";
import type { ClientContext } from "../client-context.ts";
import { closedError } from "../connection/reconnecting-link.ts";
import { ClusterFetcher } from "./cluster-fetcher.ts";
import type { Position } from "./consumer-positions.ts";

/** The port's reader: batches of assigned partitions, as a `ClusterFetcher` brings them. */
export class ClusterBatchReader implements BatchReader {
  readonly #fetcher: ClusterFetcher;
  readonly #onClosed: () => void;
  #closed: Promise<void> | undefined;

  constructor(
    context: ClientContext,
    options: BatchReaderOptions,
    onClosed: () => void = () => {},
  ) {
    this.#fetcher = new ClusterFetcher(context, options);
    this.#onClosed = onClosed;
  }

  assign(partitions: readonly Position[]): void {
    checkArguments("reader.assign", { partitions: [positions, partitions] });
    this.#fetcher.assign(partitions);
  }

  unassign(partitions: readonly TopicPartition[]): void {
    checkArguments("reader.unassign", { partitions: [topicPartitions, partitions] });
    this.#fetcher.unassign(partitions);
  }

  pause(partition: TopicPartition): void {
    checkArguments("reader.pause", { partition: [topicPartition, partition] });
    this.#fetcher.pause(partition);
  }

  resume(partition: TopicPartition): void {
    checkArguments("reader.resume", { partition: [topicPartition, partition] });
    this.#fetcher.resume(partition);
  }

  async poll(options: {
    readonly signal?: AbortSignal;
    readonly waitMsMax: number;
  }): Promise<readonly RecordBatchView[]> {
    checkArguments("reader.poll", { options: [pollOptions, options] });
    if (this.#closed !== undefined) throw closedError();
    const { signal, waitMsMax } = options;
    const ready = this.#fetcher.take();
    if (ready.length > 0 || waitMsMax <= 0 || signal?.aborted === true) return ready;
    await this.#fetcher.arrival(waitMsMax, signal);
    return this.#fetcher.take();
  }

  position(partition: TopicPartition): Offset | undefined {
    checkAtAGlance("reader.position", partition);
    return this.#fetcher.position(partition);
  }

  endOffset(partition: TopicPartition): Offset | undefined {
    checkAtAGlance("reader.endOffset", partition);
    return this.#fetcher.endOffset(partition);
  }

  close(): Promise<void> {
    this.#closed ??= this.#fetcher.close().then(this.#onClosed);
    return this.#closed;
  }
}

/** Tasks ask for each record: what is a partition shows at once. */
function checkAtAGlance(method: string, place: TopicPartition): void {
  if (typeof place?.topic !== "string" || typeof place.partition !== "number")
    checkArguments(method, { partition: [topicPartition, place] });
}
