import type { Offset } from "@millrace/model";
import type { Platform } from "@millrace/platform";

import { readJsonFile, writeJsonFile } from "./json-file.ts";

const name = "millrace-task-offsets";

/**
 * How far the stores of tasks that lie here had come, added up, when they were open last: the leader of the group gives
 * tasks to those who lack least of them (Kafka: the checkpoints of closed tasks). What the engines hold decides where a
 * restore begins, so that an old file costs a better place, and nothing else.
 */
export class TaskOffsetFile {
  readonly path: string;
  readonly #platform: Platform;
  readonly #directory: string;
  readonly #sums: Map<string, Offset>;
  #isChanged = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(platform: Platform, directory: string) {
    this.#platform = platform;
    this.#directory = directory;
    this.path = `${directory}/${name}`;
    this.#sums = read(platform, this.path);
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

  forget(task: string): void {
    if (this.#sums.delete(task)) this.#isChanged = true;
  }

  /** Writes what was noted. Never rejects: it is written again with the next call. */
  save(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    if (!this.#isChanged) return;
    this.#isChanged = false;
    try {
      const sums = Object.fromEntries(this.#sums);
      await writeJsonFile(this.#platform, { directory: this.#directory, name }, { sums });
    } catch (cause) {
      this.#isChanged = true;
      this.#platform.logger.log("warn", "streams.task-offsets-not-saved", { cause });
    }
  }
}

function read(platform: Platform, path: string): Map<string, Offset> {
  const content = readJsonFile(platform, path);
  const sums = content === undefined || content === "damaged" ? undefined : content["sums"];
  if (typeof sums !== "object" || sums === null) return new Map();
  return new Map(
    Object.entries(sums).filter((one): one is [string, number] => Number.isSafeInteger(one[1])),
  );
}
