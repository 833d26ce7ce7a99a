import { setTimeout as sleep } from "node:timers/promises";

import type { KafkaClient } from "millrace";
import { partitionForKey } from "@millrace/model";

import {
  partitionCount,
  type PlacedProgram,
} from "../../conformance/application/placed-program.ts";
import { bytesOf } from "../../conformance/values.ts";

const words = ["ada", "bob", "cleo", "dora", "eve", "fay", "gus"];
const pauseMs = 20;
const wordsAtOnce = 4;

/** Writes words without end, and reads their counts: each word's go up by one, from one on. */
export class CountedWords implements AsyncDisposable {
  readonly #client: KafkaClient;
  readonly #placed: PlacedProgram;
  readonly #stop = new AbortController();
  readonly #writing: Promise<void>;
  readonly #reading: Promise<void>;
  #written = 0;
  #read = 0;
  readonly #counts = new Map<string, number>();
  /** Counts that are not one more than the one before. */
  readonly wrong: string[] = [];
  #isWriting = true;

  constructor(client: KafkaClient, placed: PlacedProgram) {
    this.#client = client;
    this.#placed = placed;
    this.#writing = this.#write();
    this.#reading = this.#readCounts();
  }

  /** Resolves once so many more words were counted. */
  async counted(more: number, signal: AbortSignal): Promise<void> {
    const until = this.#read + more;
    while (this.#read < until) await sleep(pauseMs, undefined, { signal });
  }

  /** Writes no more, and waits until all were counted. */
  async end(signal: AbortSignal): Promise<void> {
    this.#isWriting = false;
    await this.#writing;
    while (this.#read < this.#written) await sleep(pauseMs, undefined, { signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isWriting = false;
    this.#stop.abort();
    await Promise.allSettled([this.#writing, this.#reading]);
  }

  async #write(): Promise<void> {
    const topic = this.#placed.placed("L");
    const writer = this.#client.openWriter({ lingerMs: 0 });
    await writer.prepare([topic]);
    while (this.#isWriting) {
      for (let count = 0; count < wordsAtOnce; count++, this.#written++) {
        const key = bytesOf(`k${this.#written % 17}`, "string");
        const value = bytesOf(`${words[this.#written % words.length]}:${this.#written}`, "string");
        if (key === null) continue;
        const partition = partitionForKey(key, partitionCount);
        writer.partition(topic, partition).append(this.#written, key, value, []);
      }
      await writer.flush();
      await sleep(pauseMs);
    }
    await writer.close();
  }

  async #readCounts(): Promise<void> {
    const topic = this.#placed.placed("out");
    const reader = this.#client.openReader({ isolation: "read_committed" });
    reader.assign(
      Array.from({ length: partitionCount }, (_, partition) => ({ topic, partition, offset: 0 })),
    );
    const decoder = new TextDecoder();
    while (!this.#stop.signal.aborted) {
      for (const batch of await reader.poll({ waitMsMax: 100 })) {
        while (batch.next()) {
          const word = decoder.decode(batch.key ?? new Uint8Array(0));
          const value = batch.value ?? new Uint8Array(8);
          this.#take(word, new DataView(value.buffer, value.byteOffset).getUint32(4));
        }
        batch.release();
      }
    }
    await reader.close();
  }

  #take(word: string, count: number): void {
    const before = this.#counts.get(word) ?? 0;
    if (count !== before + 1) this.wrong.push(`${word}: ${count} after ${before}`);
    this.#counts.set(word, count);
    this.#read += 1;
  }
}
