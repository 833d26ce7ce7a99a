/** A response that has its turn in the queue, filled or not. */
export interface ResponseSlot {
  /** Bytes of the request, which count until the response leaves. */
  readonly requestBytes: number;
  /** Undefined: not there yet. No parts: nothing is sent. */
  parts: readonly Uint8Array[] | undefined;
}

/**
 * The responses of one connection, in the order of their requests.
 *
 *     open ──▶ [ filled | filled | open | filled ] ──▶ sent: the filled ones at the front
 */
export class ResponseQueue {
  #slots: ResponseSlot[] = [];
  #sent = 0;
  #unansweredBytes = 0;
  #filledBytes = 0;

  get size(): number {
    return this.#slots.length - this.#sent;
  }

  /** True while a response is not there yet. */
  get hasOpen(): boolean {
    for (let index = this.#sent; index < this.#slots.length; index++)
      if (this.#slots[index].parts === undefined) return true;
    return false;
  }

  /** Of answers that wait for their turn to leave. */
  get filledBytes(): number {
    return this.#filledBytes;
  }

  get unansweredBytes(): number {
    return this.#unansweredBytes;
  }

  open(requestBytes: number): ResponseSlot {
    const slot: ResponseSlot = { requestBytes, parts: undefined };
    this.#slots.push(slot);
    this.#unansweredBytes += requestBytes;
    return slot;
  }

  fill(slot: ResponseSlot, parts: readonly Uint8Array[]): void {
    slot.parts = parts;
    this.#filledBytes += sizeOf(parts);
  }

  /** Takes all that may leave now. */
  takeFilled(): Uint8Array[] {
    const outgoing: Uint8Array[] = [];
    while (this.#sent < this.#slots.length) {
      const slot = this.#slots[this.#sent];
      if (slot.parts === undefined) break;
      for (const part of slot.parts) outgoing.push(part);
      this.#filledBytes -= sizeOf(slot.parts);
      this.#unansweredBytes -= slot.requestBytes;
      this.#sent++;
    }
    if (this.#sent === this.#slots.length) {
      this.#slots = [];
      this.#sent = 0;
    } else if (this.#sent > 64) {
      this.#slots.splice(0, this.#sent);
      this.#sent = 0;
    }
    return outgoing;
  }
}

function sizeOf(parts: readonly Uint8Array[]): number {
  let sizeBytes = 0;
  for (const part of parts) sizeBytes += part.length;
  return sizeBytes;
}
