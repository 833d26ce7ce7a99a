import { randomFillSync, randomUUID } from "node:crypto";
import type { Random } from "../platform.ts";
import { uniformBelow } from "../uniform-below.ts";

const poolWords = 1024;

/** Of cryptographic quality, drawn from a pool. */
export class NodeRandom implements Random {
  readonly #pool = new Uint32Array(poolWords);
  #used = poolWords;
  readonly #next = () => this.nextUint32();

  nextUint32(): number {
    if (this.#used === poolWords) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    return this.#pool[this.#used++];
  }

  below(bound: number): number {
    return uniformBelow(this.#next, bound);
  }

  fill(bytes: Uint8Array): Uint8Array {
    return randomFillSync(bytes);
  }

  uuid(): string {
    return randomUUID();
  }
}
