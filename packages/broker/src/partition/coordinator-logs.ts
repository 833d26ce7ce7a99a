import { invariant } from "@millrace/model";
import type { Clock } from "@millrace/platform";
import type {
  CoordinatorLog,
  CoordinatorLogs,
  CoordinatorTopic,
} from "../coordinator/coordinator-log.ts";
import type { MetadataImage } from "../metadata/metadata-image.ts";
import { CoordinatorPartitionLog } from "./coordinator-partition-log.ts";
import { NewCoordinatorLog } from "./new-coordinator-log.ts";
import type { Partition } from "./partition.ts";
import type { Partitions } from "./partitions.ts";

export interface PartitionCoordinatorLogsOptions {
  readonly image: MetadataImage;
  readonly partitions: Partitions;
  readonly clock: Clock;
  readonly leaderEpoch: number;
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
      if (this.#find(topic, partition) !== undefined) existing.push(partition);
    return existing;
  }

  open(topic: CoordinatorTopic, partition: number): CoordinatorLog {
    const key = `${topic}-${partition}`;
    let log = this.#logs.get(key);
    if (log === undefined) this.#logs.set(key, (log = this.#make(topic, partition)));
    return log;
  }

  /** Undefined where nothing was ever written. */
  #find(topic: CoordinatorTopic, partition: number): Partition | undefined {
    const found = this.#options.partitions.find(topic, partition);
    return found?.isMade === true || found?.failure !== undefined ? found : undefined;
  }

  #make(topic: CoordinatorTopic, partition: number): CoordinatorLog {
    const { image, partitions, clock, leaderEpoch } = this.#options;
    const topicImage = image.topic(topic);
    invariant(topicImage !== undefined, "BROKER-8", topic);
    const open = this.#find(topic, partition);
    if (open !== undefined)
      return new CoordinatorPartitionLog(open, clock, (error) =>
        partitions.takeOffline(topicImage, partition, error),
      );
    return new NewCoordinatorLog({
      clock,
      leaderEpoch,
      open: () => partitions.open(topicImage, partition),
      onFailed: () => this.#logs.delete(`${topic}-${partition}`),
    });
  }
}
