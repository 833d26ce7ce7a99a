import type { Clock, Connection } from "@millrace/platform";
import { type Receiver, RequestMemory } from "./request-memory.ts";

export interface BackPressureParts {
  readonly connection: Pick<Connection, "pause" | "resume">;
  /** Who is told once there may be room again. */
  readonly receiver: Receiver;
  /** Of all connections. */
  readonly requests: RequestMemory;
  readonly readAheadBytesMax: number;
  readonly clock: Clock;
}

/** What a connection has of requests at the moment. */
export interface RequestsAtHand {
  /** Received, and not taken for a request yet. */
  readonly bufferedBytes: number;
  /** Of a request whose turn has not come. */
  readonly heldBytes: number;
  readonly unansweredBytes: number;
  /** The next request could be begun. */
  readonly mayBegin: boolean;
}

/**
 * Whether a connection is read from: not while more has come than is begun, and not while requests of all connections are too
 * many and another one's large request goes on.
 */
export class BackPressure {
  readonly #parts: BackPressureParts;
  #isPaused = false;
  /** What this connection has added to the requests that are not answered. */
  #countedBytes = 0;
  /** Since when the request that is not there as a whole has been received. */
  #frameMs: number;

  constructor(parts: BackPressureParts) {
    this.#parts = parts;
    this.#frameMs = parts.clock.monotonicMs();
  }

  /** The first bytes of a request have come, or are to come. */
  frameBegins(nowMs: number): void {
    this.#frameMs = nowMs;
  }

  apply(at: RequestsAtHand): void {
    const { connection, receiver, requests, readAheadBytesMax, clock } = this.#parts;
    const { bufferedBytes, heldBytes, unansweredBytes } = at;
    this.#count(bufferedBytes + heldBytes + unansweredBytes);
    const isHeld = heldBytes > 0 || !at.mayBegin;
    const isFull =
      (isHeld && bufferedBytes > readAheadBytesMax) ||
      !requests.mayReceive(receiver, bufferedBytes);
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    if (isFull) return connection.pause();
    this.#frameMs = clock.monotonicMs(); // it could not come meanwhile
    connection.resume();
  }

  /** A large request, of which others wait for the room, has not come as a whole since then. */
  isSlow({ bufferedBytes, mayBegin }: RequestsAtHand, sinceMs: number): boolean {
    const isLarge = RequestMemory.isLarge(bufferedBytes);
    const isComing = isLarge && !this.#isPaused && this.#frameMs < sinceMs && mayBegin;
    return isComing && this.#parts.requests.isFull;
  }

  closed(): void {
    this.#count(0);
    this.#parts.requests.forget(this.#parts.receiver);
  }

  #count(bytes: number): void {
    this.#parts.requests.add(bytes - this.#countedBytes);
    this.#countedBytes = bytes;
  }
}
