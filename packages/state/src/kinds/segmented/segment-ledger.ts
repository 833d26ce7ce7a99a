import type { Timestamp } from "@millrace/model";
import { readInt64, writeInt64 } from "../../bytes/int64.ts";
import type { EngineBytes } from "../../contract/bytes-store.ts";
import type { RowKeys } from "./row-keys.ts";
import { SegmentSet } from "./segment-set.ts";

/** Behind all segments: the newest time (8) and the last sequence number (8) of what is committed. */
const noteKey = Uint8Array.of(0xff);

/**
 * Which segments there are, and which of them live, by the newest time that was written. That is committed with the rows:
 * neither a crash nor an abort lets a row come back.
 */
export class SegmentLedger {
  readonly segments: SegmentSet;
  /** True: whoever writes keeps them. */
  readonly #areKnown: boolean;
  readonly #bytes: EngineBytes;
  readonly #keys: RowKeys;
  readonly #retentionMs: number;
  #streamTime: Timestamp = -1;
  #sequence = 0;
  #hasNews = false;
  /** `streamTime` as of the last commit that has begun: what expired since then may come back by an abort. */
  #notedTime: Timestamp = -1;

  /** @param known of whoever writes, for what is committed: all that hold rows, perhaps more; undefined: they are looked for */
  constructor(bytes: EngineBytes, keys: RowKeys, retentionMs: number, known?: SegmentSet) {
    this.segments = known ?? new SegmentSet();
    this.#areKnown = known !== undefined;
    this.#bytes = bytes;
    this.#keys = keys;
    this.#retentionMs = retentionMs;
    this.reset();
  }

  get sequence(): number {
    return this.#sequence;
  }

  set sequence(sequence: number) {
    this.#sequence = sequence;
    this.#hasNews = true;
  }

  /** The newest time that was written; -1: nothing was. */
  get streamTime(): Timestamp {
    return this.#streamTime;
  }

  /** The newest time less the retention: what is older has expired. */
  get expiry(): Timestamp {
    return this.#streamTime - this.#retentionMs;
  }

  get firstLive(): number {
    return this.#keys.segmentOf(this.expiry);
  }

  advance(time: Timestamp): void {
    if (time <= this.#streamTime) return;
    this.#streamTime = time;
    this.#hasNews = true;
  }

  /** Before a commit. */
  note(): void {
    this.#notedTime = this.#streamTime;
    if (!this.#hasNews) return;
    const note = new Uint8Array(16);
    writeInt64(note, 0, this.#streamTime);
    writeInt64(note, 8, this.#sequence);
    this.#bytes.put(noteKey, note);
    this.#hasNews = false;
  }

  /** After a commit: the first segment that lives, where others were dropped. */
  dropExpired(): number | undefined {
    const firstLive = this.#keys.segmentOf(this.#notedTime - this.#retentionMs);
    const { first } = this.segments;
    if (first === undefined || first >= firstLive) return undefined;
    this.#bytes.dropBelow(this.#keys.boundOf(firstLive));
    return firstLive;
  }

  /** Back to what is committed. */
  reset(): void {
    const note = this.#bytes.get(noteKey);
    this.#streamTime = this.#notedTime = note === null ? -1 : readInt64(note, 0);
    this.#sequence = note === null ? 0 : readInt64(note, 8);
    this.#hasNews = false;
    if (this.#areKnown) return;
    this.segments.clear();
    for (let id = this.#segmentFrom(0); id !== undefined; id = this.#segmentFrom(id + 1))
      this.segments.add(id);
  }

  #segmentFrom(id: number): number | undefined {
    using rows = this.#bytes.scan({ from: this.#keys.boundOf(id), to: behindSegments });
    return rows.next() ? this.#keys.segmentIn(rows.key) : undefined;
  }
}

/** Segments begin with a bit that is 0. */
const behindSegments = Uint8Array.of(0x80);
