import { LogStorageError } from "@millrace/log";
import { invariant, noHeaders } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import { RecordBatchBuilder } from "@millrace/protocol/records";
import type { ProducerIdBlock, ProducerIdBlocks } from "../coordinator/producer-id-blocks.ts";
import type { Partition } from "../partition/partition.ts";
import { replayLog } from "../partition/replay-log.ts";
import { MetadataImage } from "./metadata-image.ts";
import {
  decodeMetadataRecord,
  encodeMetadataRecord,
  type MetadataRecord,
} from "./metadata-record.ts";

const PRODUCER_ID_BLOCK_SIZE = 1000;

/** What a change leads to: records, and what whoever asked is told once they hold. */
export interface MetadataChange<Result> {
  readonly records: readonly MetadataRecord[];
  readonly result: Result;
}

/**
 * The metadata log and what it says. Changes go one after the other: each is decided on the image that holds all
 * before it, appended as one batch, made durable, and only then folded in; so nothing is ever shown that a crash
 * could take back (C17).
 */
export class MetadataStore implements ProducerIdBlocks {
  readonly image = new MetadataImage();
  readonly #log: Partition;
  readonly #platform: Platform;
  #last: Promise<unknown> = Promise.resolve();

  constructor(log: Partition, platform: Platform) {
    this.#log = log;
    this.#platform = platform;
    replayLog(log, {
      record: (offset, { value }) => {
        const record = value === null ? undefined : decodeMetadataRecord(value);
        if (record !== undefined) this.image.replay(record, offset);
      },
      marker: () => {},
    });
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
          value: { brokerId: 1, nextProducerId: image.nextProducerId + PRODUCER_ID_BLOCK_SIZE },
        },
      ],
      result: image.nextProducerId,
    }));
    return { firstProducerId, size: PRODUCER_ID_BLOCK_SIZE };
  }

  async #apply<Result>(decide: (image: MetadataImage) => MetadataChange<Result>): Promise<Result> {
    const { records, result } = decide(this.image);
    if (records.length === 0) return result;
    const builder = new RecordBatchBuilder({ capacityBytes: 1024 });
    const nowMs = this.#platform.clock.wallMs();
    const encoded = records.map(encodeMetadataRecord);
    for (const value of encoded) builder.append(nowMs, null, value, noHeaders);
    const appended = this.#log.append(builder.build(), { origin: "coordinator" });
    await durable(this.#log, appended.lastOffset + 1);
    this.#platform.probe?.("C17");
    for (const [index, value] of encoded.entries()) {
      const record = decodeMetadataRecord(value);
      invariant(record !== undefined, "BROKER-6", records[index].kind);
      this.image.replay(record, appended.baseOffset + index);
    }
    return result;
  }
}

function durable(log: Partition, endOffset: number): Promise<void> {
  return new Promise((resolve, reject) => {
    log.whenDurable(endOffset, (failure) => {
      if (failure === undefined) resolve();
      else if (failure instanceof LogStorageError) reject(failure);
      else reject(new LogStorageError("LOG_FAILED", "the metadata log failed", failure));
    });
  });
}
