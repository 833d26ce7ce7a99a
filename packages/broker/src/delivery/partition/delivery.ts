/** Where a record is on its way to a group (Kafka: `RecordState`), as the log of the share coordinator has it. */
export const recordState = { available: 0, acquired: 1, acknowledged: 2, archived: 4 } as const;
export type RecordState = (typeof recordState)[keyof typeof recordState];

/** Of nobody. */
export const nobody = "";

/** Nothing more is done with a record in this state. */
export function isTerminal(state: RecordState): boolean {
  return state === recordState.acknowledged || state === recordState.archived;
}

/**
 * How the delivery of a record, or of several alike, goes (Kafka: `InFlightState`).
 *
 *     available ◀──────────┐
 *         │ acquire        │ released, or its time is up (too often: archived)
 *         ▼                │
 *      acquired ───────────┴──▶ acknowledged, archived
 *
 * What an acknowledgement changes is taken back unless it could be kept: until that is known, it is changing.
 */
export class Delivery {
  state: RecordState;
  /** How often it was acquired. */
  count: number;
  memberId: string;
  /** Until when it is the member's; undefined: nobody has it. */
  lockUntilMs: number | undefined;
  #before: { readonly state: RecordState; readonly memberId: string } | undefined;
  #isFinal = false;

  constructor(state: RecordState, count: number, memberId: string, lockUntilMs?: number) {
    this.state = state;
    this.count = count;
    this.memberId = memberId;
    this.lockUntilMs = lockUntilMs;
  }

  get isChanging(): boolean {
    return this.#before !== undefined;
  }

  get isFree(): boolean {
    return this.state === recordState.available && !this.isChanging;
  }

  acquire(memberId: string, lockUntilMs: number): void {
    this.state = recordState.acquired;
    this.count++;
    this.memberId = memberId;
    this.lockUntilMs = lockUntilMs;
  }

  /** What is acquired becomes something else; what was delivered too often is not made available again. */
  leave(state: RecordState, deliveryCountMax: number): void {
    const isSpent = state === recordState.available && this.count >= deliveryCountMax;
    this.state = isSpent ? recordState.archived : state;
    this.memberId = nobody;
  }

  /** The same, to be settled later. */
  beginLeaving(state: RecordState, deliveryCountMax: number): void {
    this.#before = { state: this.state, memberId: this.memberId };
    this.leave(state, deliveryCountMax);
  }

  /** The change is kept, or taken back: a lock that has run out meanwhile is then seen by whoever looks for those. */
  settle(isKept: boolean): void {
    const before = this.#before;
    this.#before = undefined;
    if (isKept || this.#isFinal || before === undefined) {
      this.lockUntilMs = undefined;
      return;
    }
    this.state = before.state;
    this.memberId = before.memberId;
  }

  /** The record is gone, whoever has it. */
  archive(): void {
    this.#isFinal = true;
    this.state = recordState.archived;
    this.memberId = nobody;
    this.lockUntilMs = undefined;
  }

  copy(): Delivery {
    return new Delivery(this.state, this.count, this.memberId, this.lockUntilMs);
  }
}
