import { invariant } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import type { ProducerIdBlock, ProducerIdBlocks } from "../coordinator/producer-id-blocks.ts";
import { MetadataImage } from "./metadata-image.ts";
import {
  decodeMetadataRecord,
  encodeMetadataRecord,
  type MetadataRecord,
} from "./metadata-record.ts";

const producerIdBlockSize = 1000;

/** What a change leads to: records, and what whoever asked is told once they hold. */
export interface MetadataChange<Result> {
  readonly records: readonly MetadataRecord[];
  readonly result: Result;
}

/** The log that the metadata are kept in. */
export interface MetadataLog {
  /** Appends all as one batch, or none; gives the offset of the first one and resolves once all are durable. */
  append(values: readonly Uint8Array[]): Promise<number>;
  /** Hands over all values from the offset on; some that lie before it may come, too. */
  replay(from: number, visit: (offset: number, value: Uint8Array) => void): void;
}

/**
 * The metadata log and what it says. Changes go one after the other: each is decided on the image that holds all
 * before it, appended as one batch, made durable, and only then folded in; so nothing is ever shown that a crash
 * could take back (C17).
 */
export class MetadataStore implements ProducerIdBlocks {
  readonly image: MetadataImage;
  readonly #log: MetadataLog;
  readonly #platform: Platform;
  #last: Promise<unknown> = Promise.resolve();
  #removedTopics = new Set<string>();
  #recordBytes = 0;

  /** `image` is what a snapshot has of the log; without one it is empty. */
  constructor(log: MetadataLog, platform: Platform, image = new MetadataImage()) {
    this.#log = log;
    this.#platform = platform;
    this.image = image;
    const from = image.appliedOffset + 1;
    log.replay(from, (offset, value) => {
      const record = decodeMetadataRecord(value);
      // Folders outlive the snapshot that knows no more of their topics.
      if (record?.kind === "removeTopic") this.#removedTopics.add(record.value.topicId);
      if (offset < from) return;
      this.#recordBytes += value.length;
      if (record !== undefined) image.replay(record, offset);
    });
  }

  /** Bytes of the records that were folded in behind the snapshot that was begun with. */
  get recordBytes(): number {
    return this.#recordBytes;
  }

  /** Ids of all topics that the log, as it was found, has removed: a start needs them once. */
  takeRemovedTopics(): ReadonlySet<string> {
    const removed = this.#removedTopics;
    this.#removedTopics = new Set();
    return removed;
  }

  /**
   * Decides once its turn comes; resolves once the change holds.
   *
   * @throws LogStorageError where it could not be written; what `decide` throws
   */
  change<Result>(decide: (image: MetadataImage) => MetadataChange<Result>): Promise<Result> {
    const turn = this.#last.then(() => this.#apply(decide));
    this.#last = turn.catch(() => {});
    return turn;
  }

  async allocate(): Promise<ProducerIdBlock> {
    const firstProducerId = await this.change((image) => ({
      records: [
        {
          kind: "producerIds",
          value: { brokerId: 1, nextProducerId: image.nextProducerId + producerIdBlockSize },
        },
      ],
      result: image.nextProducerId,
    }));
    return { firstProducerId, size: producerIdBlockSize };
  }

  async #apply<Result>(decide: (image: MetadataImage) => MetadataChange<Result>): Promise<Result> {
    const { records, result } = decide(this.image);
    if (records.length === 0) return result;
    const encoded = records.map(encodeMetadataRecord);
    const baseOffset = await this.#log.append(encoded);
    this.#platform.probe?.("C17");
    for (const [index, value] of encoded.entries()) {
      const record = decodeMetadataRecord(value);
      invariant(record !== undefined, "BROKER-6", records[index].kind);
      this.image.replay(record, baseOffset + index);
      this.#recordBytes += value.length;
    }
    return result;
  }
}
