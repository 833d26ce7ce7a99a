import type { Agent, ClientRequest, IncomingMessage } from "node:http";

import type { Timer } from "@millrace/platform";

import { headerBytesMax } from "./http-options.ts";
import { nodeModules } from "./node-modules.ts";
import type { PeerAnswer, PeerRequest, PeerSettings } from "./peer-options.ts";

/** Connections to one peer; further requests wait for their turn. */
const connectionsMax = 32;

/** Asks peers that speak HTTP/1.1 alone, such as those behind a server of their user's: by connections that are kept. */
export class Http1Peers {
  readonly #settings: PeerSettings;
  readonly #agent: Agent;

  constructor(settings: PeerSettings) {
    const { scheme, tls, idleMs } = settings;
    const common = { keepAlive: true, maxSockets: connectionsMax, timeout: idleMs };
    this.#settings = settings;
    this.#agent =
      scheme === "https"
        ? new (nodeModules.https().Agent)({ ...common, ...tls })
        : new (nodeModules.http().Agent)(common);
  }

  /** @throws what broke the connection; the signal's reason */
  ask(address: string, { path, headers, body, signal }: PeerRequest): Promise<PeerAnswer> {
    const { scheme } = this.#settings;
    const { hostname, port } = new URL(`${scheme}://${address}`);
    const options = {
      host: hostname.replace(/^\[|\]$/g, ""),
      port: port === "" ? undefined : port,
      method: "POST",
      path,
      headers: { ...headers, "content-length": Buffer.byteLength(body) },
      agent: this.#agent,
      maxHeaderSize: headerBytesMax,
      signal,
    };
    return new Promise((resolve, reject) => {
      const answered = (answer: IncomingMessage): void => {
        timer.cancel();
        resolve({ status: answer.statusCode ?? 0, body: this.#bodyOf(sent, answer) });
      };
      const { request } = scheme === "https" ? nodeModules.https() : nodeModules.http();
      const sent = request(options, answered);
      const timer = this.#bound(sent);
      sent.on("error", (error) => {
        timer.cancel();
        reject(signal.aborted ? signal.reason : error);
      });
      sent.end(body);
    });
  }

  destroy(): void {
    this.#agent.destroy();
  }

  /** Nobody can be asked for a sign of life here: whoever is silent for so long has none. */
  #bound(sent: ClientRequest): Timer {
    const { timers, silenceMs, pingMs } = this.#settings;
    const patienceMs = silenceMs + pingMs;
    return timers.after(patienceMs, () => {
      sent.destroy(new Error(`silent for ${patienceMs} ms`));
    });
  }

  async *#bodyOf(
    sent: ClientRequest,
    answer: IncomingMessage,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    let timer = this.#bound(sent);
    try {
      for await (const chunk of answer as AsyncIterable<Uint8Array>) {
        timer.cancel();
        yield chunk;
        timer = this.#bound(sent);
      }
    } finally {
      timer.cancel();
      if (!answer.complete) sent.destroy();
    }
  }
}
