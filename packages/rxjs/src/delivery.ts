import { asyncScheduler, type SchedulerLike, type Subscriber, type Subscription } from "rxjs";

import { handOver, type AnyProject } from "./hand-over.ts";
import { ObservableError } from "./observable-error.ts";
import { boundByDefault, type BackPressure } from "./option-kinds.ts";
import {
  LatestRecord,
  RecordBuffer,
  type Counted,
  type WaitingRecords,
} from "./waiting-records.ts";

/** Longest time for a subscriber without giving way to other work of the process. */
export const sliceMs = 5;

export interface DeliveryOptions {
  readonly backPressure: BackPressure;
  readonly bound?: number | undefined;
  readonly project?: AnyProject | undefined;
  readonly scheduler?: SchedulerLike | undefined;
}

/** What a delivery tells. */
export interface DeliveryOwner {
  /** Records were left out. */
  dropped(count: number): void;
  /** `hasRoom` is true again. */
  roomMade(): void;
}

/**
 * Brings records to one subscriber, in turns of its own, never from within the call that brings them here.
 *
 * ```
 *  put ──> pending ──settle──> ready ──a turn──> at work ──> next ready one
 *             └─discard─> gone
 * ```
 */
export class Delivery<Item extends Counted> {
  readonly #subscriber: Subscriber<unknown>;
  readonly #options: DeliveryOptions;
  readonly #owner: DeliveryOwner;
  readonly #waiting: WaitingRecords<Item>;
  readonly #scheduler: SchedulerLike;
  readonly #bound: number;
  #index = 0;
  #turn: Subscription | undefined;
  #isInTurn = false;
  /** True: what was made of the last record is not complete yet. */
  #isAtWork = false;
  #hasRoom = true;
  #hasOverflowed = false;
  #end: { readonly failure: { readonly error: unknown } | undefined } | undefined;

  constructor(subscriber: Subscriber<unknown>, options: DeliveryOptions, owner: DeliveryOwner) {
    const { backPressure, bound = boundByDefault } = options;
    this.#subscriber = subscriber;
    this.#options = options;
    this.#owner = owner;
    this.#bound = bound;
    this.#scheduler = options.scheduler ?? asyncScheduler;
    this.#waiting =
      backPressure === "sample"
        ? new LatestRecord()
        : new RecordBuffer(backPressure === "block" ? Infinity : bound);
    subscriber.add(() => this.#turn?.unsubscribe());
  }

  /** False, with `block` alone: whoever brings records waits. */
  get hasRoom(): boolean {
    return this.#hasRoom;
  }

  get hasPending(): boolean {
    return this.#waiting.hasPending;
  }

  /** True: make the next record, and `put` it. False: it is left out. */
  makeRoom(): boolean {
    if (this.#hasOverflowed) return false;
    const isKept = this.#waiting.makeRoom();
    if (isKept || this.#options.backPressure !== "buffer") return isKept;
    this.#hasOverflowed = true;
    this.#schedule();
    return false;
  }

  put(item: Item): void {
    this.#waiting.put(item);
    if (this.#options.backPressure === "block") this.#hasRoom &&= this.#waiting.size < this.#bound;
  }

  /** What was put so far is ready. */
  settle(): void {
    this.#waiting.settle();
    this.#tellDropped();
    this.#schedule();
  }

  /** What is not settled was never there. */
  discard(): void {
    this.#waiting.discard();
    this.#lookForRoom();
  }

  /** The subscriber is told once it has had all that is ready. */
  end(failure: { readonly error: unknown } | undefined): void {
    this.#end = { failure };
    this.discard();
    this.#schedule();
  }

  #schedule(): void {
    if (this.#turn !== undefined || this.#isInTurn || this.#subscriber.closed) return;
    if (this.#isAtWork && !this.#hasOverflowed) return;
    this.#turn = this.#scheduler.schedule(() => {
      this.#turn = undefined;
      this.#isInTurn = true;
      const isOver = this.#takeTurn();
      this.#isInTurn = false;
      if (!isOver) this.#schedule();
    });
  }

  /** @returns false: the time is over, and there may be more */
  #takeTurn(): boolean {
    const subscriber = this.#subscriber;
    if (this.#hasOverflowed) subscriber.error(tooSlow(this.#bound));
    const endMs = this.#scheduler.now() + sliceMs;
    while (!this.#isAtWork && !subscriber.closed) {
      const item = this.#waiting.take();
      if (item === undefined) {
        this.#tellEnd();
        return true;
      }
      this.#lookForRoom();
      this.#hand(item);
      if (this.#scheduler.now() >= endMs) return false;
    }
    return true;
  }

  #hand(item: Item): void {
    const work = handOver(this.#subscriber, item, this.#index++, this.#options.project);
    if (work === undefined) return;
    this.#isAtWork = true;
    work.add(() => {
      this.#isAtWork = false;
      this.#schedule();
    });
  }

  #tellEnd(): void {
    const end = this.#end;
    if (end === undefined || this.#waiting.size > 0) return;
    if (end.failure === undefined) this.#subscriber.complete();
    else this.#subscriber.error(end.failure.error);
  }

  /** With half of the bound, so that it is not asked for each record by itself. */
  #lookForRoom(): void {
    if (this.#hasRoom || this.#waiting.size > this.#bound / 2) return;
    this.#hasRoom = true;
    this.#owner.roomMade();
  }

  #tellDropped(): void {
    const count = this.#waiting.takeDropped();
    if (count > 0) this.#owner.dropped(count);
  }
}

function tooSlow(bound: number): ObservableError {
  return new ObservableError(
    "SUBSCRIBER_TOO_SLOW",
    `${bound} records wait for a subscriber, or for their commit, and another one came: raise bound, make the subscriber faster, or choose a backPressure that leaves records out (drop, sample) or holds the source up (block)`,
  );
}
