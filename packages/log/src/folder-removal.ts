import type { TopicPartition } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import type { PartitionFolders } from "./partition-folders.ts";

/**
 * Takes folders of partitions away: renamed at once, so that a crash leaves a partition or what is recognised as
 * rubbish, and removed in the background once that is durable. One that resists stops neither the others nor a start.
 */
export class FolderRemoval {
  readonly #platform: Platform;
  readonly #folders: PartitionFolders;
  readonly #makeDurable: () => Promise<void>;
  /** Folders that are renamed, on their way out. */
  #removing: Promise<void> = Promise.resolve();

  /** `makeDurable` resolves once renamed folders are so on the device, and that their offsets are forgotten. */
  constructor(platform: Platform, folders: PartitionFolders, makeDurable: () => Promise<void>) {
    this.#platform = platform;
    this.#folders = folders;
    this.#makeDurable = makeDurable;
  }

  /** Renames a folder, to be removed later; one that resists stays, and is told. */
  doom(partition: TopicPartition): readonly string[] {
    let path: string | undefined;
    this.#attempt(this.#folders.pathOf(partition), () => (path = this.#folders.doom(partition)));
    return path === undefined ? [] : [path];
  }

  /** @throws FileSystemError it resists */
  remove(partition: TopicPartition): void {
    const path = this.#folders.doom(partition);
    if (path !== undefined) this.removeLater([path]);
  }

  /** Removes folders that were renamed. */
  removeLater(doomed: readonly string[]): void {
    this.#removing = Promise.all([this.#removing, this.#removeDoomed(doomed)]).then(() => {});
  }

  /** Removes what an interrupted deletion left. */
  removeLeftovers(): Promise<void> {
    return this.#removeFolders(this.#folders.doomed());
  }

  /** Resolves once all that was taken away is so durably, and its files are gone as far as they do not resist. */
  finished(): Promise<void> {
    return this.#removing;
  }

  async #removeDoomed(doomed: readonly string[]): Promise<void> {
    try {
      await this.#makeDurable();
    } catch (error) {
      // The next checkpoint tries again; what is looked at first at a start is the metadata, not the offsets.
      const { path } = this.#folders;
      this.#platform.logger.log("warn", "log.checkpoint-failed", { path, error });
    }
    await this.#removeFolders(doomed);
  }

  async #removeFolders(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      this.#attempt(path, () => this.#folders.remove(path));
      await this.#platform.timers.yield();
    }
  }

  #attempt(path: string, remove: () => unknown): void {
    try {
      remove();
    } catch (error) {
      this.#platform.logger.log("error", "log.folder-resists", {
        path,
        advice: "it belongs to a deleted topic: look at its rights, or remove it by hand",
        error,
      });
    }
  }
}
