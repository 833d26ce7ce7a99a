import type { StateBatch } from "../../coordinator/share/share-state.ts";
import { isTerminal, recordState, type RecordState } from "./delivery.ts";
import type { Piece } from "./in-flight-batch.ts";
import type { ShareWindow } from "./share-window.ts";

/** What a request changes, until it is known whether that is kept: all of it, or nothing. */
export class Change {
  readonly #window: ShareWindow;
  readonly #pieces: (Piece & { readonly changedTo: RecordState })[] = [];

  constructor(window: ShareWindow) {
    this.#window = window;
  }

  /** Records that somebody has go another way. */
  leave(piece: Piece, state: RecordState, deliveryCountMax: number): void {
    const { delivery } = piece;
    delivery.beginLeaving(state, deliveryCountMax);
    this.#pieces.push({ ...piece, changedTo: delivery.state });
    if (isTerminal(delivery.state))
      this.#window.completeCount += this.#window.countFromStart(piece);
  }

  get isEmpty(): boolean {
    return this.#pieces.length === 0;
  }

  /** What is to be kept. */
  get stateBatches(): readonly StateBatch[] {
    return this.#pieces.map(({ firstOffset, lastOffset, delivery }) => ({
      firstOffset,
      lastOffset,
      deliveryState: delivery.state,
      deliveryCount: delivery.count,
    }));
  }

  /**
   * It is kept, or taken back.
   * @returns whether others can go on: records are available, or the start has moved
   */
  settle(isKept: boolean): boolean {
    const window = this.#window;
    let isAnyAvailable = false;
    for (const piece of this.#pieces) {
      const { delivery, changedTo } = piece;
      delivery.settle(isKept);
      if (delivery.state === recordState.available) isAnyAvailable = true;
      if (isTerminal(changedTo) && !isTerminal(delivery.state))
        window.completeCount -= window.countFromStart(piece);
    }
    if (isAnyAvailable) window.mayHaveAvailable = true;
    return (isKept && window.moveStart()) || isAnyAvailable;
  }
}
