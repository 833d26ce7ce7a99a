import type { Offset } from "@millrace/model";
import type { Platform } from "@millrace/platform";

import { readJsonFile, writeJsonFile } from "./json-file.ts";

const name = "millrace-task-offsets";

/**
 * How far the stores of tasks that lie here had come, added up, when they were open last: the leader of the group gives
 * tasks to those who lack least of them (Kafka: the checkpoints of closed tasks). What the engines hold decides where a
 * restore begins, so that an old file costs a better place, or with `stateMaxAge` a restore, and nothing else.
 */
export class TaskOffsetFile {
  readonly path: string;
  readonly #platform: Platform;
  readonly #directory: string;
  readonly #sums: Map<string, Offset>;
  readonly #asOfMs: Map<string, number>;
  readonly #usedMs: Map<string, number>;
  #isChanged = false;
  #writing: Promise<void> = Promise.resolve();
  /** A write that has not begun, so that it writes all that is noted until then. */
  #waiting: Promise<void> | undefined;

  constructor(platform: Platform, directory: string) {
    this.#platform = platform;
    this.#directory = directory;
    this.path = `${directory}/${name}`;
    const content = readJsonFile(platform, this.path);
    this.#sums = numbersIn(content, "sums");
    this.#asOfMs = numbersIn(content, "asOfMs");
    this.#usedMs = numbersIn(content, "usedMs");
  }

  /** 0: not known. */
  sumOf(task: string): Offset {
    return this.#sums.get(task) ?? 0;
  }

  note(task: string, offsetSum: Offset): void {
    if (this.#sums.get(task) === offsetSum) return;
    this.#sums.set(task, offsetSum);
    this.#isChanged = true;
  }

  /** A task ran here at that moment, as the group has confirmed, so that its stores hold all that was committed: see `SnapshotManifest`. */
  noteCurrent(task: string, wallMs: number): void {
    this.#asOfMs.set(task, wallMs);
    this.#isChanged = true;
  }

  /** When the task is known to have run here last; undefined: it did not, or nobody noted it. */
  asOf(task: string): number | undefined {
    return this.#asOfMs.get(task);
  }

  /** The folder of a task was in use at that moment, also by a copy. */
  noteUsed(task: string, wallMs: number): void {
    this.#usedMs.set(task, wallMs);
    this.#isChanged = true;
  }

  /** When the folder of the task is known to have been in use last; undefined: nobody noted it. */
  usedMs(task: string): number | undefined {
    return this.#usedMs.get(task) ?? this.#asOfMs.get(task);
  }

  forget(task: string): void {
    for (const noted of [this.#sums, this.#asOfMs, this.#usedMs])
      if (noted.delete(task)) this.#isChanged = true;
  }

  /** Writes what was noted. Never rejects: it is written again with the next call. */
  save(): Promise<void> {
    if (this.#waiting !== undefined) return this.#waiting;
    this.#writing = this.#writing.then(() => this.#write());
    this.#waiting = this.#writing;
    return this.#waiting;
  }

  async #write(): Promise<void> {
    this.#waiting = undefined;
    if (!this.#isChanged) return;
    this.#isChanged = false;
    try {
      const sums = Object.fromEntries(this.#sums);
      const asOfMs = Object.fromEntries(this.#asOfMs);
      const usedMs = Object.fromEntries(this.#usedMs);
      const place = { directory: this.#directory, name };
      await writeJsonFile(this.#platform, place, { sums, asOfMs, usedMs });
    } catch (cause) {
      this.#isChanged = true;
      this.#platform.logger.log("warn", "streams.task-offsets-not-saved", { cause });
    }
  }
}

function numbersIn(content: ReturnType<typeof readJsonFile>, field: string): Map<string, number> {
  const numbers = content === undefined || content === "damaged" ? undefined : content[field];
  if (typeof numbers !== "object" || numbers === null) return new Map();
  return new Map(
    Object.entries(numbers).filter((one): one is [string, number] => Number.isSafeInteger(one[1])),
  );
}
