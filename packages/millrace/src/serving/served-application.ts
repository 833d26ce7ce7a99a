import { serveHttp, type HttpOptions } from "@millrace/http";
import type { Platform } from "@millrace/platform";
import type { FetchHandler, QueryTransport } from "@millrace/streams";

import { httpTransport } from "./http-transport.ts";

export interface ServingOptions {
  readonly serve: HttpOptions | undefined;
  readonly applicationServer: string | undefined;
  readonly querySecret: string | undefined;
}

/** How an application is reached by others of its kind, and reaches them. */
export interface Serving {
  readonly transport: QueryTransport;
  /** Where others reach it; undefined: they do not. */
  readonly applicationServer: string | undefined;
  readonly serve: (handler: FetchHandler) => void;
  /** Twice is fine. */
  close(): Promise<void>;
}

/** Opens the server that was asked for, before the application is there: its address is told to the group. */
export async function openServing(platform: Platform, options: ServingOptions): Promise<Serving> {
  const { serve: given, querySecret: secret } = options;
  const schemeGiven = options.applicationServer?.startsWith("https://") === true;
  const scheme = schemeGiven || given?.tls !== undefined ? "https" : "http";
  const transport = httpTransport({ secret, scheme });
  if (given === undefined)
    return {
      transport,
      applicationServer: options.applicationServer,
      serve: () => {},
      close: () => Promise.resolve(),
    };
  let handler: FetchHandler | undefined;
  const fetch = (request: Request): Response | Promise<Response> =>
    handler === undefined ? starting() : handler(request);
  const server = await serveHttp(platform, { fetch }, withSecret(given, secret));
  const { host, port } = server.address;
  return {
    transport,
    applicationServer:
      options.applicationServer ?? `${host.includes(":") ? `[${host}]` : host}:${port}`,
    serve: (made) => {
      handler = made;
    },
    close: () => server.close(),
  };
}

/** Where a server has people sign in, other instances do so by their secret. */
function withSecret(given: HttpOptions, secret: string | undefined): HttpOptions {
  const { signIn } = given;
  if (signIn === undefined || secret === undefined) return given;
  return { ...given, signIn: { ...signIn, tokens: [...(signIn.tokens ?? []), secret] } };
}

function starting(): Response {
  return Response.json({ error: "the application is being started" }, { status: 503 });
}
