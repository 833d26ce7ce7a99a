import type { Api } from "@millrace/protocol";
import type { Parked } from "./parked.ts";
import type { RequestContext } from "./request-context.ts";

/**
 * Serves one API. `Request` is what decoding gives, `Response` what encoding takes
 * (`Decoded<typeof x.request>` and `Given<typeof x.response>` of its definition).
 *
 * A handler that throws or rejects closes the connection: what Kafka answers with a code, it answers itself.
 */
export interface Handler<Request = unknown, Response = unknown> {
  /** The API's definition in `@millrace/protocol`. */
  readonly api: Api;
  /**
   * Begun while responses before it are parked still, as pipelined appends are; all others wait for those, so that
   * they see what was done before them.
   */
  readonly mayOvertake?: boolean;
  /** Served to who asks, and not told by ApiVersions. */
  readonly isHidden?: boolean;
  /** Between brokers: the time that it takes is no client's. */
  readonly isExempt?: boolean;
  handle(context: RequestContext, request: Request): HandlerAnswer<Response>;
}

/** What a handler gives: an answer, or a promise of it, which holds up the connection's next requests. */
export type HandlerAnswer<Response> = Answer<Response> | Promise<Answer<Response>>;

/**
 * - the response;
 * - `Parked`: it comes later, and the connection's next requests go on meanwhile (responses leave in the
 *   order of the requests anyway);
 * - undefined: there is none, as for a Produce with acks=0.
 */
export type Answer<Response> = Response | Parked<Response> | undefined;
