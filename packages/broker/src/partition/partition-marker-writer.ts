import { LogRequestError } from "@millrace/log";
import type { TopicPartition } from "@millrace/model";
import type { Clock } from "@millrace/platform";
import type { TransactionMarker } from "../coordinator/coordinator-log.ts";
import type { MarkerOutcome, MarkerWriter } from "../coordinator/marker-writer.ts";
import type { MetadataImage } from "../metadata/metadata-image.ts";
import { appendMarker } from "./append-marker.ts";
import type { Partitions } from "./partitions.ts";

/** Ends transactions in users' partitions. */
export class PartitionMarkerWriter implements MarkerWriter {
  readonly #image: MetadataImage;
  readonly #partitions: Partitions;
  readonly #clock: Clock;

  constructor(image: MetadataImage, partitions: Partitions, clock: Clock) {
    this.#image = image;
    this.#partitions = partitions;
    this.#clock = clock;
  }

  /**
   * All markers are appended in this turn, so that one sync of each file makes them durable. The files are synced one
   * before the other, and what they hold is shown together: who reads several partitions at once takes the oldest
   * record first, and would see which file was the quicker one.
   */
  async write(
    marker: TransactionMarker,
    partitions: readonly TopicPartition[],
  ): Promise<readonly MarkerOutcome[]> {
    const releases: (() => void)[] = [];
    try {
      return await Promise.all(
        partitions.map((partition) => this.#write(marker, partition, releases)),
      );
    } finally {
      for (const release of releases) release();
    }
  }

  #write(
    marker: TransactionMarker,
    { topic, partition: index }: TopicPartition,
    releases: (() => void)[],
  ): MarkerOutcome | Promise<MarkerOutcome> {
    if (index >= (this.#image.partitionCount(topic) ?? 0)) return "gone";
    const partition = this.#partitions.find(topic, index);
    if (partition === undefined) return "failed";
    releases.push(partition.holdStableOffset());
    try {
      const endOffset = appendMarker(partition, marker, this.#clock.wallMs());
      return new Promise((resolve) => {
        partition.whenDurable(endOffset, (failure) =>
          resolve(failure === undefined ? "written" : "failed"),
        );
      });
    } catch (error) {
      const isFenced =
        error instanceof LogRequestError &&
        (error.code === "INVALID_PRODUCER_EPOCH" ||
          error.code === "TRANSACTION_COORDINATOR_FENCED");
      return isFenced ? "fenced" : "failed";
    }
  }
}
