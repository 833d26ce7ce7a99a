import type { Delivery } from "./delivery.ts";

/** Records next to each other that share one delivery. */
export interface Piece {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly delivery: Delivery;
}

/** Records that were acquired together: they share one delivery until one of them goes another way (Kafka: `InFlightBatch`). */
export class InFlightBatch {
  readonly firstOffset: number;
  readonly lastOffset: number;
  /** Undefined once each record has its own. */
  #whole: Delivery | undefined;
  #each: Delivery[] = [];

  constructor(firstOffset: number, lastOffset: number, delivery: Delivery) {
    this.firstOffset = firstOffset;
    this.lastOffset = lastOffset;
    this.#whole = delivery;
  }

  get whole(): Delivery | undefined {
    return this.#whole;
  }

  get size(): number {
    return this.lastOffset - this.firstOffset + 1;
  }

  /** From now on each record has a delivery of its own. */
  split(): void {
    const whole = this.#whole;
    if (whole === undefined) return;
    this.#each = Array.from({ length: this.size }, () => whole.copy());
    this.#whole = undefined;
  }

  at(offset: number): Delivery {
    return this.#whole ?? this.#each[offset - this.firstOffset];
  }

  /** All of it in order: one piece, or one for each record within the bounds. */
  pieces(firstOffset = this.firstOffset, lastOffset = this.lastOffset): readonly Piece[] {
    const whole = this.#whole;
    if (whole !== undefined)
      return [{ firstOffset: this.firstOffset, lastOffset: this.lastOffset, delivery: whole }];
    const pieces: Piece[] = [];
    const first = Math.max(firstOffset, this.firstOffset);
    const last = Math.min(lastOffset, this.lastOffset);
    for (let offset = first; offset <= last; offset++)
      pieces.push({ firstOffset: offset, lastOffset: offset, delivery: this.at(offset) });
    return pieces;
  }

  isWithin(firstOffset: number, lastOffset: number): boolean {
    return this.firstOffset >= firstOffset && this.lastOffset <= lastOffset;
  }
}
