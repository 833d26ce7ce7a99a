import type { HandlerAnswer } from "./handler.ts";
import { Parked } from "./parked.ts";
import { toError } from "./to-error.ts";

/** Told of a promise, during which the connection's next requests wait. */
export interface AnswerWait {
  begin(): void;
  end(): void;
}

/** Calls back once with what a handler has answered: at once, when it is unparked, or when its promise settles. */
export function whenAnswered(
  answer: HandlerAnswer<unknown>,
  wait: AnswerWait,
  fill: (failure: Error | undefined, response?: unknown) => void,
): void {
  if (answer instanceof Parked) return answer.whenComplete(fill);
  if (!(answer instanceof Promise)) return fill(undefined, answer);
  wait.begin();
  answer.then(
    (response) => {
      if (response instanceof Parked) response.whenComplete(fill);
      else fill(undefined, response);
      wait.end();
    },
    (error: unknown) => {
      fill(toError(error));
      wait.end();
    },
  );
}
