import type { Platform } from "@millrace/platform";

import { Http1Peers } from "./peer-http1.ts";
import type { PeerAnswer, PeerOptions, PeerRequest, PeerSettings } from "./peer-options.ts";
import { NoHttp2Error, PeerSession } from "./peer-session.ts";

/** A peer that spoke HTTP/1.1 alone is asked for HTTP/2 again after so long: another may have taken its place. */
const http1Ms = 60_000;

/**
 * Asks other servers: over HTTP/2, by one connection for each, and over HTTP/1.1 those that speak nothing else. Without
 * TLS a peer is taken to speak HTTP/2 until it shows otherwise; with TLS the handshake tells.
 *
 * @example
 * using peers = new HttpPeers(nodePlatform(), { scheme: "http" });
 * const { status } = await peers.post("127.0.0.1:8080", { path: "/", headers: {}, body: "{}", signal });
 */
export class HttpPeers implements Disposable {
  readonly #settings: PeerSettings;
  readonly #clock: Pick<Platform["clock"], "monotonicMs">;
  readonly #sessions = new Map<string, PeerSession>();
  /** Those that take no request more, and have some under way, too. */
  readonly #open = new Set<PeerSession>();
  #http1: Http1Peers | undefined;
  /** Peers without HTTP/2, and until when they are taken to be so. */
  readonly #http1Until = new Map<string, number>();
  #isClosed = false;

  constructor({ clock, timers }: Pick<Platform, "clock" | "timers">, options: PeerOptions) {
    const {
      tls = {},
      connectMs = 5000,
      silenceMs = 5000,
      pingMs = 5000,
      idleMs = 60_000,
    } = options;
    const { scheme } = options;
    this.#settings = { scheme, tls, connectMs, silenceMs, pingMs, idleMs, timers };
    this.#clock = clock;
  }

  /**
   * Sends a request, and resolves with the beginning of its answer.
   *
   * @param address `host:port`
   * @throws what broke the connection; the signal's reason
   */
  async post(address: string, request: PeerRequest): Promise<PeerAnswer> {
    request.signal.throwIfAborted();
    if (this.#isClosed) throw new Error("nobody is asked any more: it is closed");
    const untilMs = this.#http1Until.get(address);
    if (untilMs !== undefined && this.#clock.monotonicMs() < untilMs)
      return this.#askByHttp1(address, request);
    try {
      return await this.#sessionTo(address).ask(request);
    } catch (error) {
      if (!(error instanceof NoHttp2Error)) throw error;
      const answer = await this.#askByHttp1(address, request);
      this.#http1Until.set(address, this.#clock.monotonicMs() + http1Ms);
      return answer;
    }
  }

  /** Breaks what is under way. Twice is fine. */
  close(): void {
    this.#isClosed = true;
    for (const session of this.#open) session.destroy();
    this.#http1?.destroy();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #askByHttp1(address: string, request: PeerRequest): Promise<PeerAnswer> {
    this.#http1 ??= new Http1Peers(this.#settings);
    return this.#http1.ask(address, request);
  }

  #sessionTo(address: string): PeerSession {
    const open = this.#sessions.get(address);
    if (open?.isUsable === true) return open;
    this.#http1Until.delete(address);
    const session = new PeerSession(address, this.#settings, {
      retired: () => {
        if (this.#sessions.get(address) === session) this.#sessions.delete(address);
      },
      ended: () => this.#open.delete(session),
    });
    this.#sessions.set(address, session);
    this.#open.add(session);
    return session;
  }
}
