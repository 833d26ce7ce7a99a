import { invariant } from "@millrace/model";

/** A response that is waited for, without a promise: completed once, listened to once. */
export class Parked<Response> {
  #response: Response | undefined;
  #failure: Error | undefined;
  #isComplete = false;
  #listener: ((failure: Error | undefined, response?: Response) => void) | undefined;

  /** Undefined: no response is sent after all. */
  complete(response: Response | undefined): void {
    invariant(!this.#isComplete, "BROKER-2");
    this.#isComplete = true;
    this.#response = response;
    this.#listener?.(undefined, response);
  }

  /** The connection is closed instead. */
  fail(failure: Error): void {
    invariant(!this.#isComplete, "BROKER-2");
    this.#isComplete = true;
    this.#failure = failure;
    this.#listener?.(failure);
  }

  /** Called at once if it is complete already. */
  whenComplete(listener: (failure: Error | undefined, response?: Response) => void): void {
    this.#listener = listener;
    if (this.#isComplete) listener(this.#failure, this.#response);
  }
}
