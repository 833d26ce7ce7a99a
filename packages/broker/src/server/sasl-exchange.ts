import type { Timers } from "@millrace/platform";
import { type FrameSplitter, ProtocolError } from "@millrace/protocol";
import type { RequestMetrics } from "../metrics/request-metrics.ts";
import type { Authentication, AuthenticationAnswer } from "./authentication.ts";
import { receiveSlowly } from "./receive-slowly.ts";
import type { ServerLimits } from "./server-limits.ts";
import type { Session } from "./session.ts";

export interface SaslExchangeParts {
  readonly authentication: Authentication;
  /** Of the connection: how large they may be depends on how far it is known who asks. */
  readonly frames: FrameSplitter;
  readonly limits: ServerLimits;
  readonly timers: Timers;
  readonly metrics: RequestMetrics;
  readonly listener: string;
}

/**
 * How a connection shows who it is, a frame and its answer at a time, at first and again. While it is under way messages are
 * small; a refusal is held back, since guessing is to be slow.
 */
export class SaslExchange {
  readonly #parts: SaslExchangeParts;

  constructor(parts: SaslExchangeParts) {
    this.#parts = parts;
    parts.frames.setFrameBytesMax(this.#messageBytesMax);
  }

  /** Undefined until it has succeeded. */
  get session(): Session | undefined {
    return this.#parts.authentication.session;
  }

  /** True of frames that belong to it rather than to a handler. */
  takes(frame: Uint8Array): boolean {
    return this.#parts.authentication.takes(frame);
  }

  /** It may have begun to come before it was known to be of an exchange. @throws ProtocolError `FRAME_TOO_LARGE` */
  check(frame: Uint8Array): void {
    if (frame.length > this.#messageBytesMax)
      throw new ProtocolError(
        "FRAME_TOO_LARGE",
        `a message of SASL has ${frame.length} bytes where ${this.#messageBytesMax} are allowed`,
      );
  }

  /** Calls back once, with the answer and what is to be done once it is on its way. */
  receive(
    frame: Uint8Array,
    settle: (answer: AuthenticationAnswer, answered: () => void) => void,
  ): void {
    const { authentication, limits, timers } = this.#parts;
    const { failedAuthenticationDelayMs } = limits;
    const before = authentication.session;
    receiveSlowly(authentication, frame, { timers, failedAuthenticationDelayMs }, (answer) =>
      settle(answer, () => this.#answered(before, answer)),
    );
  }

  #answered(before: Session | undefined, { refusal }: AuthenticationAnswer): void {
    const { authentication, frames, limits, metrics, listener } = this.#parts;
    const isOver = authentication.session !== undefined && !authentication.isExchanging;
    frames.setFrameBytesMax(isOver ? limits.requestBytesMax : this.#messageBytesMax);
    metrics.authenticated(listener, {
      isAgain: before !== undefined,
      hasFailed: refusal !== undefined,
      isDone: authentication.session !== before,
    });
  }

  get #messageBytesMax(): number {
    const { requestBytesMax, unauthenticatedBytesMax } = this.#parts.limits;
    return Math.min(requestBytesMax, unauthenticatedBytesMax);
  }
}
