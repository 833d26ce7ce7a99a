import type { IncomingMessage, ServerResponse } from "node:http";

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
  const listening = listenerOf(handler);
  return (request, response) => void listening.then((listener) => listener(request, response));
}

/** With it Node's server is loaded, which few programs need. */
async function listenerOf(handler: Parameters<typeof nodeListener>[0]): Promise<NodeListener> {
  const { getRequestListener } = await import("@hono/node-server");
  return getRequestListener(handler, {
    overrideGlobalObjects: false,
    errorHandler: () => Response.json({ error: "the request failed" }, { status: 500 }),
  });
}
