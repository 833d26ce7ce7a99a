import type { RequestContext } from "./request-context.ts";

/**
 * Serves one API. `Request` is what decoding gives, `Response` what encoding takes
 * (`Decoded<typeof x.request>` and `Given<typeof x.response>` of its definition).
 *
 * A handler that throws or rejects closes the connection: what Kafka answers with a code, it answers itself.
 */
export interface Handler<Request = unknown, Response = unknown> {
  /** The API's definition in `@millrace/protocol`. */
  readonly api: ServedApi;
  /**
   * The response, at once or later (responses leave a connection in the order of its requests anyway).
   * Undefined: there is none, as for a Produce with acks=0.
   */
  handle(
    context: RequestContext,
    request: Request,
  ): Response | undefined | Promise<Response | undefined>;
}

/** What the server needs of an API's definition. */
export interface ServedApi {
  readonly key: number;
  readonly name: string;
}
