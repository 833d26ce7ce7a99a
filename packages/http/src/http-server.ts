import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";

import { getRequestListener } from "@hono/node-server";
import type { Platform, NetworkAddress } from "@millrace/platform";
import { networkError } from "@millrace/platform/node";

import { guarded, type HttpApp, type RefuseRequest } from "./guard.ts";
import { answerStream } from "./http2-answer.ts";
import { Http2Sessions } from "./http2-sessions.ts";
import {
  headerBytesMax,
  httpSettings,
  type HttpOptions,
  type HttpSettings,
} from "./http-options.ts";
import { RequestsUnderWay, type RequestUnderWay } from "./requests-under-way.ts";
import { ServedConnections } from "./served-connections.ts";

/** How often connections are looked at for the limits of time. */
const checkIntervalMs = 1000;

/**
 * An app that is served over HTTP/1.1 and HTTP/2, by Node's servers.
 *
 * ```
 *  serving ──close──> refusing connections, ending idle ones ──no request left, or closeTimeout──> closed
 * ```
 */
export class HttpServer implements AsyncDisposable {
  readonly address: NetworkAddress;
  /** Such as `http://127.0.0.1:8081`. */
  readonly url: string;
  readonly #connections: ServedConnections;
  readonly #platform: Platform;
  readonly #settings: HttpSettings;
  readonly #work: RequestsUnderWay;
  #closing: Promise<void> | undefined;

  constructor(platform: Platform, server: Server, parts: ServedParts) {
    const { settings, work, connections } = parts;
    const bound = server.address();
    const port = typeof bound === "object" && bound !== null ? bound.port : settings.port;
    this.address = { host: settings.host, port };
    const name = settings.host.includes(":") ? `[${settings.host}]` : settings.host;
    this.url = `${settings.tls === undefined ? "http" : "https"}://${name}:${port}`;
    this.#connections = connections;
    this.#platform = platform;
    this.#settings = settings;
    this.#work = work;
  }

  /** Lets requests that are worked on end, within `closeTimeout`; then breaks what is left. Twice is fine. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    const connections = this.#connections;
    const closed = connections.close();
    this.#work.close(() => connections.closeIdle());
    const timer = this.#platform.timers.after(this.#settings.closeTimeout, () =>
      connections.destroy(),
    );
    await closed;
    timer.cancel();
  }
}

export interface ServeHttpOptions extends HttpOptions {
  /** How a request is answered that does not come to the app; default: the text alone. */
  readonly refuse?: RefuseRequest;
}

interface ServedParts {
  readonly settings: HttpSettings;
  readonly work: RequestsUnderWay;
  readonly connections: ServedConnections;
}

/** @throws OptionError `UNKNOWN_OPTION`, `INVALID_OPTION`; NetworkError, such as `ADDRESS_IN_USE` */
export async function openHttpServer(
  platform: Platform,
  app: HttpApp,
  options: ServeHttpOptions,
): Promise<HttpServer> {
  const { refuse = plainRefusal, ...given } = options;
  const settings = httpSettings(given);
  const work = new RequestsUnderWay(platform.clock, settings.requestsMax);
  const server = openServer(settings);
  const guardedApp = guarded(app, settings, refuse);
  const answer = getRequestListener((request) => guardedApp.fetch(request), {
    overrideGlobalObjects: false,
    errorHandler: () => refuse(500, "the request failed"),
  });
  const busy = getRequestListener(() => refuse(503, "too many requests at once; try again"), {
    overrideGlobalObjects: false,
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const begun = http1Request(request, response);
    if (work.isClosing) response.setHeader("connection", "close");
    response.once("close", () => work.end(begun));
    void (work.begin(begun) ? answer : busy)(request, response);
  });
  const { bodyBytesMax } = settings;
  const sessions = new Http2Sessions(
    settings,
    (stream, headers) =>
      void answerStream(stream, headers, { app: guardedApp, refuse, work, bodyBytesMax }),
  );
  const { timers } = platform;
  const connections = new ServedConnections(server, sessions, { ...settings, timers });
  limit(server, settings);
  await listen(server, settings);
  const served = new HttpServer(platform, server, { settings, work, connections });
  platform.logger.log("info", "http.listening", { ...served.address });
  return served;
}

function http1Request(request: IncomingMessage, response: ServerResponse): RequestUnderWay {
  return {
    get isWhole() {
      return request.complete;
    },
    giveWay() {
      if (response.headersSent) request.socket.destroy();
      else request.socket.end("HTTP/1.1 408 Request Timeout\r\nconnection: close\r\n\r\n");
    },
  };
}

function plainRefusal(status: number, message: string): Response {
  return new Response(`${message}\n`, { status, headers: { "content-type": "text/plain" } });
}

function openServer({ tls, headersTimeout, requestTimeout, idleTimeout }: HttpSettings): Server {
  const common = {
    headersTimeout,
    requestTimeout,
    keepAliveTimeout: idleTimeout,
    connectionsCheckingInterval: Math.min(checkIntervalMs, headersTimeout),
    maxHeaderSize: headerBytesMax,
  };
  if (tls === undefined) return createServer(common);
  return createTlsServer({
    ...common,
    ...tls,
    requestCert: tls.ca !== undefined,
    rejectUnauthorized: tls.ca !== undefined,
    ALPNProtocols: ["h2", "http/1.1"],
    handshakeTimeout: headersTimeout,
  });
}

function limit(server: Server, { connectionsMax, idleTimeout }: HttpSettings): void {
  server.maxConnections = connectionsMax;
  server.timeout = idleTimeout;
  // A request that is none: the sender is told, where it listens still.
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Socket) => {
    // Before the handshake has ended nothing can be told, and an end would wait for it.
    const isGreeting = "secureConnecting" in socket && socket.secureConnecting === true;
    if (error.code === "ECONNRESET" || !socket.writable || isGreeting) socket.destroy();
    else socket.end(`HTTP/1.1 ${statusOf(error.code)}\r\nconnection: close\r\n\r\n`);
  });
}

function statusOf(code: string | undefined): string {
  if (code === "HPE_HEADER_OVERFLOW") return "431 Request Header Fields Too Large";
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return "408 Request Timeout";
  return "400 Bad Request";
}

function listen(server: Server, { host, port }: HttpSettings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) =>
      reject(networkError(`listen for HTTP on ${host}:${port}`, cause)),
    );
    server.listen(port, host, () => resolve());
  });
}
