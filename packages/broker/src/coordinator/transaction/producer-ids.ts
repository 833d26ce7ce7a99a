import { invariant } from "@millrace/model";
import type { ProducerIdBlocks } from "../producer-id-blocks.ts";

/** Hands out producer ids from blocks; the next block is fetched before the last one is used up. */
export class ProducerIds {
  readonly #blocks: ProducerIdBlocks;
  #nextId = 0;
  #endId = 0;
  #reserve: { readonly firstId: number; readonly endId: number } | undefined;
  #refill: Promise<void> | undefined;

  constructor(blocks: ProducerIdBlocks) {
    this.#blocks = blocks;
  }

  get hasNext(): boolean {
    return this.#nextId < this.#endId || this.#reserve !== undefined;
  }

  /** Resolves once there is an id; rejects with what the allocation threw. */
  async ready(): Promise<void> {
    while (!this.hasNext) await this.#fetch();
  }

  /** Only where `hasNext`. */
  take(): number {
    if (this.#nextId >= this.#endId && this.#reserve !== undefined) {
      this.#nextId = this.#reserve.firstId;
      this.#endId = this.#reserve.endId;
      this.#reserve = undefined;
    }
    invariant(this.#nextId < this.#endId, "TXN-3", "no producer id at hand");
    const id = this.#nextId++;
    const isLow = this.#endId - this.#nextId < 100;
    if (isLow && this.#reserve === undefined) this.prefetch();
    return id;
  }

  /** A failure is nobody's error yet: the next `ready` asks again and hears of it. */
  prefetch(): void {
    this.#fetch().catch(() => {});
  }

  #fetch(): Promise<void> {
    this.#refill ??= this.#blocks
      .allocate()
      .then((block) => {
        this.#reserve = {
          firstId: block.firstProducerId,
          endId: block.firstProducerId + block.size,
        };
      })
      .finally(() => {
        this.#refill = undefined;
      });
    return this.#refill;
  }
}
