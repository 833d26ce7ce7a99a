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
  let listening: Promise<NodeListener> | undefined;
  return (request, response) => {
    listening ??= listenerOf(handler);
    listening.then(
      (listener) => listener(request, response),
      (error: Error) => {
        listening = undefined;
        response.writeHead(500, { "content-type": "application/json" });
        response.end(JSON.stringify(failed));
        process.emitWarning(error); // no logger is known here
      },
    );
  };
}

const failed = { error: "the request failed" };

/** With it Node's server is loaded, which few programs need. */
async function listenerOf(handler: Parameters<typeof nodeListener>[0]): Promise<NodeListener> {
  const { getRequestListener } = await import("@hono/node-server");
  return getRequestListener(handler, {
    overrideGlobalObjects: false,
    errorHandler: () => Response.json(failed, { status: 500 }),
  });
}
