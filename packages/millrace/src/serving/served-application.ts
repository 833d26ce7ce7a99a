import { HttpPeers, serveHttp, type HttpOptions, type PeerTls } from "@millrace/http";
import type { Platform } from "@millrace/platform";
import type { FetchHandler, StreamsEnvironment } from "@millrace/streams";

import { httpTransport } from "./http-transport.ts";

export interface ServingOptions {
  readonly serve: HttpOptions | undefined;
  readonly applicationServer: string | undefined;
  readonly querySecret: string | undefined;
  readonly queryTls: PeerTls | undefined;
}

/** How an application is reached by others of its kind, and reaches them. */
export interface Serving {
  /** What the application is told of it. */
  readonly options: { readonly applicationServer?: string };
  /** @param dispose what else is to be ended with the application */
  environment(
    dispose: () => Promise<void>,
  ): Required<Pick<StreamsEnvironment, "transport" | "serve" | "dispose">>;
}

/** Opens the server that was asked for, before the application is there: its address is told to the group. */
export async function openServing(platform: Platform, options: ServingOptions): Promise<Serving> {
  const { serve: given, querySecret: secret, applicationServer } = options;
  const peers = openPeers(platform, options);
  const transport = httpTransport(peers, secret);
  if (given === undefined)
    return {
      options: {},
      environment: (dispose) => ({
        transport,
        serve: () => {},
        dispose: async () => {
          peers.close();
          await dispose();
        },
      }),
    };
  let handler: FetchHandler | undefined;
  const fetch = (request: Request): Response | Promise<Response> =>
    handler === undefined ? starting() : handler(request);
  const server = await serveHttp(platform, { fetch }, withSecret(given, secret));
  const { host, port } = server.address;
  const own = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  return {
    options: { applicationServer: applicationServer ?? own },
    environment: (dispose) => ({
      transport,
      serve: (made) => {
        handler = made;
      },
      dispose: async () => {
        peers.close();
        await server.close();
        await dispose();
      },
    }),
  };
}

/** Others are greeted as this one is served: all of them are instances of one application. */
function openPeers(platform: Platform, options: ServingOptions): HttpPeers {
  const { serve, applicationServer, queryTls } = options;
  const own = serve?.tls;
  const isSecure = applicationServer?.startsWith("https://") === true || own !== undefined;
  const tls = { ...own, ...queryTls };
  return new HttpPeers(platform, { scheme: isSecure ? "https" : "http", tls });
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
