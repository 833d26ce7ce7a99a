/** What a subscriber is given: how many records were left out for it directly before this one. */
export interface Counted {
  missed: number;
}

/**
 * Records on their way to a subscriber. Those that were put are pending until they are settled: what is discarded before
 * was never there.
 */
export interface WaitingRecords<Item extends Counted> {
  /** Ready and pending ones. */
  readonly size: number;
  readonly hasPending: boolean;
  /** True: it will hold one more. False: that one is left out, and counted. */
  makeRoom(): boolean;
  /** After `makeRoom` alone. */
  put(item: Item): void;
  settle(): void;
  discard(): void;
  /** The next one that is ready. */
  take(): Item | undefined;
  /** Records that were left out, settled ones, since the last call. */
  takeDropped(): number;
}

/** Up to so many in order; those that come while it is full are left out. */
export class RecordBuffer<Item extends Counted> implements WaitingRecords<Item> {
  readonly #sizeMax: number;
  #items: Item[] = [];
  /** Those before it were taken. */
  #first = 0;
  /** Those before it are ready. */
  #settled = 0;
  /** Left out since the last that was put, and the same of those that are settled. */
  #missed = 0;
  #missedSettled = 0;
  #dropped = 0;
  #droppedPending = 0;

  /** @param sizeMax Infinity: whoever puts looks at the size */
  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get size(): number {
    return this.#items.length - this.#first;
  }

  get hasPending(): boolean {
    return this.#items.length > this.#settled;
  }

  makeRoom(): boolean {
    if (this.size < this.#sizeMax) return true;
    this.#missed += 1;
    this.#droppedPending += 1;
    return false;
  }

  put(item: Item): void {
    item.missed = this.#missed;
    this.#missed = 0;
    this.#items.push(item);
  }

  settle(): void {
    this.#settled = this.#items.length;
    this.#missedSettled = this.#missed;
    this.#dropped += this.#droppedPending;
    this.#droppedPending = 0;
  }

  discard(): void {
    this.#items.length = this.#settled;
    this.#missed = this.#missedSettled;
    this.#droppedPending = 0;
  }

  take(): Item | undefined {
    if (this.#first === this.#settled) return undefined;
    const item = this.#items[this.#first++];
    if (this.#first > 1024 && this.#first * 2 > this.#items.length) this.#forgetTaken();
    return item;
  }

  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  #forgetTaken(): void {
    this.#items = this.#items.slice(this.#first);
    this.#settled -= this.#first;
    this.#first = 0;
  }
}

/** The latest alone. */
export class LatestRecord<Item extends Counted> implements WaitingRecords<Item> {
  #ready: Item | undefined;
  #readyCount = 0;
  #pending: Item | undefined;
  #pendingCount = 0;
  #dropped = 0;

  get size(): number {
    return (this.#ready === undefined ? 0 : 1) + (this.#pending === undefined ? 0 : 1);
  }

  get hasPending(): boolean {
    return this.#pending !== undefined;
  }

  makeRoom(): boolean {
    return true;
  }

  put(item: Item): void {
    this.#pending = item;
    this.#pendingCount += 1;
  }

  settle(): void {
    if (this.#pending === undefined) return;
    this.#dropped += this.#pendingCount - 1 + (this.#ready === undefined ? 0 : 1);
    this.#ready = this.#pending;
    this.#readyCount += this.#pendingCount;
    this.discard();
  }

  discard(): void {
    this.#pending = undefined;
    this.#pendingCount = 0;
  }

  take(): Item | undefined {
    const item = this.#ready;
    if (item !== undefined) item.missed = this.#readyCount - 1;
    this.#ready = undefined;
    this.#readyCount = 0;
    return item;
  }

  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }
}
