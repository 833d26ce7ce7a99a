import { cpSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { messageOf } from "@millrace/model";

/** Kafka makes them many times as large as what is in them, and all of it is in the logs. */
const indexes = /\.(?:time)?index$/;

/** What brokers and instances hold, and said last, goes with the test: where it has not passed, a copy of that stays. */
export class Evidence implements Disposable {
  readonly #seed: number;
  readonly #folders: readonly string[];
  #isNeeded = true;

  constructor(seed: number, folders: readonly string[]) {
    this.#seed = seed;
    this.#folders = folders;
  }

  /** All was right. */
  drop(): void {
    this.#isNeeded = false;
  }

  [Symbol.dispose](): void {
    if (!this.#isNeeded) return;
    const kept = join(tmpdir(), `millrace-cluster-faults-kept-${this.#seed}`);
    for (const [index, folder] of this.#folders.entries())
      try {
        cpSync(folder, join(kept, `${index}`), {
          recursive: true,
          filter: (path) => !indexes.test(path),
        });
      } catch (error) {
        console.error(`${folder} is not kept as a whole: ${messageOf(error)}`); // files come and go
      }
    console.error(
      `for whoever looks why, the folders of brokers and instances are kept in ${kept}`,
    );
  }
}
