import type { Headers, Offset, Timestamp } from "@millrace/model";

/** A record that could not be written, with the input that it was written for. */
export interface WrittenRecord {
  readonly topic: string;
  readonly partition: number;
  readonly timestamp: Timestamp;
  readonly headers: Headers;
  /** The sink that wrote it; undefined for changelogs and dead letters. */
  readonly node: string | undefined;
  readonly isChangelog: boolean;
  /** Empty where no record was under way, or it is not the one that this was written for. */
  readonly inputTopic: string;
  readonly inputPartition: number;
  readonly inputOffset: Offset;
}
