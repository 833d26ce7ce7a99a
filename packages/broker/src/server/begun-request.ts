import type { Clock } from "@millrace/platform";
import { codecOf, type RequestHeader } from "@millrace/protocol";
import type { Reader } from "@millrace/protocol/wire";
import type { ServedRequest } from "../metrics/request-metrics.ts";
import type { Handler, HandlerAnswer } from "./handler.ts";
import type { RequestContext } from "./request-context.ts";
import { encodeResponse } from "./response-frame.ts";
import { toError } from "./to-error.ts";

export interface BegunRequestParts {
  readonly handler: Handler;
  readonly header: RequestHeader;
  readonly context: RequestContext & { readonly laterMs: number };
  readonly served: ServedRequest;
  readonly clock: Clock;
}

/** A request that a handler works at: its time is charged to its client, and its answer written down. */
export class BegunRequest {
  readonly #parts: BegunRequestParts;
  /** In which the thread was the request's alone: what it waited for is not counted. */
  #spentMs = 0;

  constructor(parts: BegunRequestParts) {
    this.#parts = parts;
  }

  get name(): string {
    return this.#parts.handler.api.name;
  }

  get sizeBytes(): number {
    return this.#parts.served.bytes;
  }

  /** How long its client is held back. */
  get throttleMs(): number {
    return this.#parts.context.throttleMs;
  }

  /**
   * Calls the handler; what it throws becomes a rejection, so that the requests before are answered first.
   *
   * @param startMs when the thread turned to the request
   * @throws ProtocolError
   */
  run(reader: Reader, startMs: number): HandlerAnswer<unknown> {
    const { handler, context, clock } = this.#parts;
    const request = this.#read(reader);
    try {
      return handler.handle(context, request);
    } catch (error) {
      return Promise.reject(toError(error));
    } finally {
      this.#spentMs = clock.monotonicMs() - startMs;
    }
  }

  #read(reader: Reader): unknown {
    const { handler, header, served } = this.#parts;
    if (!isKnownVersion(handler, header)) return undefined;
    try {
      return codecOf(handler.api.request, header.apiVersion).read(reader);
    } catch (error) {
      served.ended(toError(error), undefined);
      throw error;
    }
  }

  /** Its answer is there, or there is none. */
  ended(failure: Error | undefined, response: unknown): void {
    this.#parts.served.ended(failure, response);
    this.#charge(response, this.#spentMs + this.#parts.context.laterMs);
  }

  /** @throws ProtocolError `INVALID_VALUE` */
  encode(response: unknown): readonly Uint8Array[] {
    if (response === undefined) return [];
    const { handler, header, clock } = this.#parts;
    const startMs = clock.monotonicMs();
    const version = isKnownVersion(handler, header) ? header.apiVersion : 0;
    const told = withThrottle(handler, response, this.throttleMs);
    const parts = encodeResponse(handler.api, version, header.correlationId, told);
    // Writing it down costs its client the next time.
    this.#charge(response, clock.monotonicMs() - startMs);
    return parts;
  }

  #charge(response: unknown, spentMs: number): void {
    const { handler, context } = this.#parts;
    if (response === undefined || handler.isExempt === true) return;
    context.charge("request_percentage", percentOfSecond(spentMs));
  }
}

function isKnownVersion(handler: Handler, header: RequestHeader): boolean {
  const { min, max } = handler.api.versions;
  return header.apiVersion >= min && header.apiVersion <= max;
}

function percentOfSecond(spentMs: number): number {
  return spentMs / 10;
}

/** Whatever a client is held back for stands in the answer, where its version has a place for that. */
function withThrottle(handler: Handler, response: unknown, throttleMs: number): unknown {
  if (throttleMs === 0 || typeof response !== "object" || response === null) return response;
  return "throttleTimeMs" in handler.api.response.fields
    ? { ...response, throttleTimeMs: throttleMs }
    : response;
}
