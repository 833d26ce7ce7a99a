import { setTimeout as sleep } from "node:timers/promises";

import type { BatchWriter, KafkaClient } from "millrace";
import { encodeUtf8, noHeaders, partitionForKey } from "@millrace/model";

import {
  partitionCount,
  type PlacedProgram,
} from "../../conformance/application/placed-program.ts";

const words = ["ada", "bob", "cleo", "dora", "eve", "fay", "gus"];
const keyCount = 17;
/** Of event time, from one record to the next. */
const stepMs = 25;
const atOnce = 4;
const pauseMs = 60;
/** Of event time, from the last record to those that let all timers go off. */
const flushMs = 3_600_000;
/** Brokers may be away for minutes. */
const deliveryTimeoutMs = 900_000;

/** The keys of the records that let timers go off in the end begin so. */
export const flushName = "flush-";

/** Writes records in the order of their times, some 60 a second, while it is not held. */
export class Load implements AsyncDisposable {
  readonly #placed: PlacedProgram;
  readonly #writer: BatchWriter;
  #writing: Promise<void> = Promise.resolve();
  #isHeld = true;
  #count = 0;

  constructor(client: KafkaClient, placed: PlacedProgram) {
    this.#placed = placed;
    this.#writer = client.openWriter({ lingerMs: 0, deliveryTimeoutMs });
  }

  /** How many were written so far. */
  get count(): number {
    return this.#count;
  }

  /** The rows of the table, and all that is needed to write the rest. */
  async prepare(): Promise<void> {
    await this.#writer.prepare(["L", "R", "T"].map((topic) => this.#placed.placed(topic)));
    for (let key = 0; key < keyCount; key++)
      this.#append("T", { key: `k${key}`, value: `t${key}` });
    await this.#writer.flush();
  }

  begin(): void {
    this.#isHeld = false;
    this.#writing = this.#write();
    this.#writing.catch(() => {}); // told by `hold`
  }

  /** All that was written is there when it resolves. */
  async hold(): Promise<void> {
    this.#isHeld = true;
    await this.#writing;
    await this.#writer.flush();
  }

  /** A record in each partition, so late that all timers go off. */
  async flush(): Promise<void> {
    const timestamp = this.#count * stepMs + flushMs;
    for (let partition = 0; partition < partitionCount; partition++) {
      const key = keyIn(partition);
      this.#append("L", { key, value: `flush:${partition}`, timestamp });
    }
    await this.#writer.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isHeld = true;
    await this.#writer.close(0);
    await this.#writing.catch(() => {});
  }

  async #write(): Promise<void> {
    while (!this.#isHeld) {
      for (let one = 0; one < atOnce; one++) this.#next();
      await this.#writer.flush();
      await sleep(pauseMs);
    }
  }

  #next(): void {
    const index = this.#count++;
    const timestamp = index * stepMs;
    const value = `${words[index % words.length]}:${index}`;
    this.#append("L", { key: `k${index % keyCount}`, value, timestamp });
    if (index % 3 === 0)
      this.#append("R", {
        key: `k${(index * 5) % keyCount}`,
        value: `r${index}`,
        timestamp: timestamp + 5,
      });
  }

  #append(
    topic: string,
    {
      key,
      value,
      timestamp = 0,
    }: { readonly key: string; readonly value: string; readonly timestamp?: number },
  ): void {
    const bytes = encodeUtf8(key);
    this.#writer
      .partition(this.#placed.placed(topic), partitionForKey(bytes, partitionCount))
      .append(timestamp, bytes, encodeUtf8(value), noHeaders);
  }
}

function keyIn(partition: number): string {
  for (let index = 0; ; index++) {
    const key = `${flushName}${index}`;
    if (partitionForKey(encodeUtf8(key), partitionCount) === partition) return key;
  }
}
