import { invariant } from "@millrace/model";
import type { Clock } from "@millrace/platform";
import type {
  CoordinatorLog,
  CoordinatorLogs,
  CoordinatorTopic,
} from "../coordinator/coordinator-log.ts";
import type { MetadataImage } from "../metadata/metadata-image.ts";
import { CoordinatorPartitionLog } from "./coordinator-partition-log.ts";
import type { Partitions } from "./partitions.ts";

export interface PartitionCoordinatorLogsOptions {
  readonly image: MetadataImage;
  readonly partitions: Partitions;
  readonly clock: Clock;
}

/** The coordinators' logs as partitions of their topics; what exists on the disk is open when this is made. */
export class PartitionCoordinatorLogs implements CoordinatorLogs {
  readonly #options: PartitionCoordinatorLogsOptions;
  readonly #logs = new Map<string, CoordinatorLog>();

  constructor(options: PartitionCoordinatorLogsOptions) {
    this.#options = options;
  }

  partitionCount(topic: CoordinatorTopic): number {
    const count = this.#options.image.partitionCount(topic);
    invariant(count !== undefined, "BROKER-8", topic);
    return count;
  }

  existing(topic: CoordinatorTopic): readonly number[] {
    const existing: number[] = [];
    for (let partition = 0; partition < this.partitionCount(topic); partition++)
      if (this.#isWritten(topic, partition)) existing.push(partition);
    return existing;
  }

  open(topic: CoordinatorTopic, partition: number): CoordinatorLog {
    const key = `${topic}-${partition}`;
    let log = this.#logs.get(key);
    if (log === undefined) this.#logs.set(key, (log = this.#make(topic, partition)));
    return log;
  }

  #isWritten(topic: CoordinatorTopic, partition: number): boolean {
    const found = this.#options.partitions.find(topic, partition);
    return found?.isMade === true || found?.failure !== undefined;
  }

  #make(topic: CoordinatorTopic, index: number): CoordinatorLog {
    const { image, partitions, clock } = this.#options;
    const topicImage = image.topic(topic);
    const partition = partitions.find(topic, index);
    invariant(topicImage !== undefined && partition !== undefined, "BROKER-8", { topic, index });
    return new CoordinatorPartitionLog(partition, clock, (error) =>
      partitions.takeOffline(topicImage, index, error),
    );
  }
}
