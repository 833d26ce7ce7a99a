import type { IncomingMessage, ServerResponse } from "node:http";

import { getRequestListener } from "@hono/node-server";

/** What `node:http`'s `request` event, Express and Fastify (`request.raw`, `reply.raw`) hand over. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * A `fetch` handler for Node's own server, and for those that stand on it.
 *
 * @example
 * createServer(nodeListener(app.handler())).listen(8080);
 */
export function nodeListener(
  handler: (request: Request) => Response | Promise<Response>,
): NodeListener {
  const listener = getRequestListener(handler, {
    overrideGlobalObjects: false,
    errorHandler: () => Response.json({ error: "the request failed" }, { status: 500 }),
  });
  return (request, response) => void listener(request, response);
}
