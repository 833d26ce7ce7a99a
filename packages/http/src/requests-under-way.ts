import type { IncomingMessage, ServerResponse } from "node:http";

import type { Clock } from "@millrace/platform";

/** How long a body may take where others have no room because of it. */
const patienceMs = 1000;

/**
 * Counts requests; once it is closed, each that ends closes its connection. Where there is no room, the one whose body
 * is waited for the longest gives way: else a few senders that send no more would shut everybody out.
 */
export class RequestsUnderWay {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #countMax: number;
  /** In the order of their begin. */
  readonly #open = new Map<ServerResponse, Begun>();
  #whenNone: (() => void) | undefined;

  constructor(clock: Pick<Clock, "monotonicMs">, countMax: number) {
    this.#clock = clock;
    this.#countMax = countMax;
  }

  /** False: too many. */
  begin(request: IncomingMessage, response: ServerResponse): boolean {
    if (this.#whenNone !== undefined) response.setHeader("connection", "close");
    if (this.#open.size >= this.#countMax && !this.#makeRoom()) return false;
    this.#open.set(response, { request, sinceMs: this.#clock.monotonicMs() });
    response.once("close", () => this.#end(response));
    return true;
  }

  close(whenNone: () => void): void {
    this.#whenNone = whenNone;
    whenNone();
  }

  #makeRoom(): boolean {
    const beforeMs = this.#clock.monotonicMs() - patienceMs;
    for (const [response, { request, sinceMs }] of this.#open) {
      if (sinceMs > beforeMs) return false;
      if (request.complete) continue;
      if (response.headersSent) request.socket.destroy();
      else request.socket.end("HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n");
      this.#end(response);
      return true;
    }
    return false;
  }

  #end(response: ServerResponse): void {
    if (this.#open.delete(response) && this.#open.size === 0) this.#whenNone?.();
  }
}

interface Begun {
  readonly request: IncomingMessage;
  readonly sinceMs: number;
}
