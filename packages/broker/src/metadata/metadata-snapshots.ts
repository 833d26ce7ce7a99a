import type { Offset } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import { BrokerError } from "../broker-error.ts";
import { MetadataImage } from "./metadata-image.ts";
import {
  decodeSnapshot,
  encodeSnapshot,
  snapshotFileName,
  type SnapshotId,
  snapshotOfFileName,
} from "./snapshot-file.ts";
import { snapshotRecords } from "./snapshot-records.ts";

const partialSuffix = ".checkpoint.part";

/** What the log beside the snapshots has. */
export interface LogBounds {
  readonly logStartOffset: Offset;
  readonly logEndOffset: Offset;
}

/**
 * The snapshots of the metadata, files in the folder of their log (Kafka: `Snapshots`).
 *
 *     image ──▶ `.checkpoint.part` ──sync──▶ renamed ──sync of the folder──▶ it may stand for the log
 */
export class MetadataSnapshots {
  readonly #platform: Platform;
  readonly #path: string;
  #newest: SnapshotId | undefined;

  constructor(platform: Platform, path: string) {
    this.#platform = platform;
    this.#path = path;
  }

  /** The newest one that is known to be sound and durable. */
  get newest(): SnapshotId | undefined {
    return this.#newest;
  }

  /**
   * The image of the newest snapshot that is sound; undefined: there is none that the log goes on from.
   *
   * @throws BrokerError `METADATA_MISSING` the log ends before a snapshot does
   */
  load({ logStartOffset, logEndOffset }: LogBounds): MetadataImage | undefined {
    const { fileSystem } = this.#platform;
    for (const name of fileSystem.list(this.#path))
      if (name.endsWith(partialSuffix)) fileSystem.remove(`${this.#path}/${name}`);
    for (const id of this.#found().toReversed()) {
      if (id.offset < logStartOffset) break;
      if (id.offset > logEndOffset)
        throw new BrokerError(
          "METADATA_MISSING",
          `${this.#path}: the snapshot ${snapshotFileName(id)} stands for more than the log beside it, which ends at ` +
            `${logEndOffset}: put the log back that it was made of`,
        );
      const image = this.#read(id);
      if (image === undefined) continue;
      this.#newest = id;
      return image;
    }
    return undefined;
  }

  /**
   * Writes what the image is now; others have their turn in between. It is durable once it resolves.
   *
   * @throws FileSystemError, the reason of the signal; then it is as if nothing was written
   */
  async write(
    image: MetadataImage,
    logTimestamp: number,
    signal: AbortSignal,
  ): Promise<SnapshotId> {
    const { fileSystem, clock } = this.#platform;
    const id = { offset: image.appliedOffset + 1, epoch: image.starts - 1 };
    const records = snapshotRecords(image);
    const path = `${this.#path}/${snapshotFileName(id)}`;
    const partial = path.replace(/\.checkpoint$/, partialSuffix);
    const nowMs = clock.wallMs();
    const batches = encodeSnapshot(records, { epoch: id.epoch, nowMs, logTimestamp });
    try {
      await this.#fill(partial, batches, signal);
    } catch (error) {
      fileSystem.remove(partial);
      throw error;
    }
    this.#platform.probe?.("C17");
    fileSystem.rename(partial, path);
    this.#platform.probe?.("C17");
    await fileSystem.syncDirectory(this.#path);
    this.#newest = id;
    return id;
  }

  async #fill(path: string, batches: Iterable<Uint8Array>, signal: AbortSignal): Promise<void> {
    const { fileSystem, timers } = this.#platform;
    const file = fileSystem.open(path, "openOrCreate");
    try {
      file.truncate(0);
      let position = 0;
      for (const batch of batches) {
        file.write([batch], position);
        position += batch.length;
        await timers.yield();
        signal.throwIfAborted();
      }
      await file.datasync();
    } finally {
      file.close();
    }
  }

  /** Removes snapshots of what lies before the offset; a crash may leave them, and they are not read then. */
  removeBelow(offset: Offset): void {
    for (const id of this.#found())
      if (id.offset < offset)
        this.#platform.fileSystem.remove(`${this.#path}/${snapshotFileName(id)}`);
  }

  /** Oldest first. */
  #found(): readonly SnapshotId[] {
    const names = this.#platform.fileSystem.list(this.#path);
    return names.flatMap((name) => snapshotOfFileName(name) ?? []);
  }

  /** Undefined: it is damaged, which is told. */
  #read(id: SnapshotId): MetadataImage | undefined {
    const path = `${this.#path}/${snapshotFileName(id)}`;
    // The record of the last start counts it once more.
    const image = new MetadataImage(id.epoch);
    const damage = decodeSnapshot(this.#readWhole(path), (record) =>
      image.replay(record, id.offset - 1),
    );
    if (damage === undefined) return image;
    this.#platform.logger.log("error", "broker.metadata-snapshot-damaged", {
      path,
      ...damage,
      advice:
        "the one before it is read, or the log where it goes back to its beginning: a later snapshot takes its place, " +
        "and the device should be looked at",
    });
    return undefined;
  }

  #readWhole(path: string): Uint8Array {
    const file = this.#platform.fileSystem.open(path, "read");
    try {
      const bytes = new Uint8Array(file.sizeBytes());
      return bytes.subarray(0, file.read(bytes, 0));
    } finally {
      file.close();
    }
  }
}
