import type { Platform } from "@millrace/platform";

import type { HttpApp } from "./guard.ts";
import type { HttpServer, ServeHttpOptions } from "./http-server.ts";

/**
 * Serves an app over HTTP: on loopback unless told otherwise, with bounds on all that a sender can cost.
 * What serves is loaded here: it is a third of what an application would load otherwise, and few serve.
 *
 * @throws OptionError `UNKNOWN_OPTION`, `INVALID_OPTION`; NetworkError, such as `ADDRESS_IN_USE`
 * @example
 * const app = new Hono().get("/", (context) => context.json({}));
 * await using server = await serveHttp(nodePlatform(), app, { port: 8081 });
 * console.log(server.url); // http://127.0.0.1:8081
 */
export async function serveHttp(
  platform: Platform,
  app: HttpApp,
  options: ServeHttpOptions = {},
): Promise<HttpServer> {
  const { openHttpServer } = await import("./http-server.ts");
  return openHttpServer(platform, app, options);
}
