import type { Api } from "@millrace/protocol";
import type { RequestContext } from "../server/request-context.ts";

/**
 * A handler that always answers: at once, or holding up the connection's next requests as Kafka
 * does.
 */
export interface AnsweringHandler<Request, Response> {
  readonly api: Api;
  /** Of `Handler`. */
  readonly isExempt?: boolean;
  readonly isHidden?: boolean;
  handle(context: RequestContext, request: Request): Response | Promise<Response>;
}
