import { topicPartitionName, type Offset, type TopicPartition } from "@millrace/model";
import type { FileSystem } from "@millrace/platform";
import { writeOffsetCheckpoint, type PartitionOffset } from "./offset-checkpoint.ts";
import { SyncQueue } from "./sync-queue.ts";
import type { KeptOffsets } from "./twice-kept-offsets.ts";

/** One offset per partition, in memory and in files that are replaced as a whole, one after the other. */
export class NotedOffsets {
  readonly #fileSystem: FileSystem;
  readonly #paths: readonly string[];
  readonly #offsets: Map<string, PartitionOffset>;
  readonly #writes = new SyncQueue(() => this.#write());
  #isSaved: boolean;

  constructor(fileSystem: FileSystem, { paths, offsets, isSaved }: KeptOffsets) {
    this.#fileSystem = fileSystem;
    this.#paths = paths;
    this.#offsets = offsets ?? new Map();
    this.#isSaved = isSaved;
  }

  get(name: string): Offset | undefined {
    return this.#offsets.get(name)?.offset;
  }

  note({ topic, partition }: TopicPartition, offset: Offset): void {
    const name = topicPartitionName(topic, partition);
    if (this.#offsets.get(name)?.offset === offset) return;
    this.#offsets.set(name, { topic, partition, offset });
    this.#isSaved = false;
  }

  forget(name: string): void {
    if (this.#offsets.delete(name)) this.#isSaved = false;
  }

  forgetUnless(isKnown: (partition: TopicPartition) => boolean): void {
    for (const [name, partition] of this.#offsets) if (!isKnown(partition)) this.forget(name);
  }

  /** What was noted before the call is on the device once it resolves; calls share the work. */
  save(): Promise<void> {
    return this.#writes.sync();
  }

  async #write(): Promise<void> {
    if (this.#isSaved) return;
    // What moves while this is being written is for the next time.
    this.#isSaved = true;
    try {
      for (const path of this.#paths)
        await writeOffsetCheckpoint(this.#fileSystem, path, this.#offsets.values());
    } catch (error) {
      this.#isSaved = false;
      throw error;
    }
  }
}
