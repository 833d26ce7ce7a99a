import type { Timers } from "@millrace/platform";
import type { Authentication, AuthenticationAnswer } from "./authentication.ts";
import { toError } from "./to-error.ts";

/** Hands a frame over, and calls back once with the answer. A refusal is held back, since guessing is to be slow. */
export function receiveSlowly(
  authentication: Authentication,
  frame: Uint8Array,
  limits: { readonly timers: Timers; readonly failedAuthenticationDelayMs: number },
  settle: (answer: AuthenticationAnswer) => void,
): void {
  const { timers, failedAuthenticationDelayMs } = limits;
  const receive = (answer: AuthenticationAnswer) => {
    if (answer.refusal === undefined || failedAuthenticationDelayMs === 0) settle(answer);
    else timers.after(failedAuthenticationDelayMs, () => settle(answer));
  };
  const refuse = (error: unknown) => receive({ parts: [], refusal: toError(error) });
  try {
    const answer = authentication.receive(frame);
    if (answer instanceof Promise) answer.then(receive, refuse);
    else receive(answer);
  } catch (error) {
    refuse(error);
  }
}
