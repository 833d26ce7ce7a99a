import type { Clock } from "@millrace/platform";

/** How long a body may take where others have no room because of it. */
const patienceMs = 1000;

/** A request that is worked on, of either protocol. */
export interface RequestUnderWay {
  /** False: more of its body is awaited. */
  readonly isWhole: boolean;
  /** Its room is another's now: its sender is told, where it listens. */
  giveWay(): void;
}

/**
 * Counts requests. Where there is no room, the one whose body is waited for the longest gives way: else a few senders
 * that send no more would shut everybody out.
 */
export class RequestsUnderWay {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #countMax: number;
  /** By their begins, in this order. */
  readonly #open = new Map<RequestUnderWay, number>();
  #whenNone: (() => void) | undefined;

  constructor(clock: Pick<Clock, "monotonicMs">, countMax: number) {
    this.#clock = clock;
    this.#countMax = countMax;
  }

  get isClosing(): boolean {
    return this.#whenNone !== undefined;
  }

  /** False: too many. */
  begin(request: RequestUnderWay): boolean {
    if (this.#open.size >= this.#countMax && !this.#makeRoom()) return false;
    this.#open.set(request, this.#clock.monotonicMs());
    return true;
  }

  /** Of one that has given way, too. */
  end(request: RequestUnderWay): void {
    if (this.#open.delete(request) && this.#open.size === 0) this.#whenNone?.();
  }

  close(whenNone: () => void): void {
    this.#whenNone = whenNone;
    whenNone();
  }

  #makeRoom(): boolean {
    const beforeMs = this.#clock.monotonicMs() - patienceMs;
    for (const [request, sinceMs] of this.#open) {
      if (sinceMs > beforeMs) return false;
      if (request.isWhole) continue;
      request.giveWay();
      this.end(request);
      return true;
    }
    return false;
  }
}
