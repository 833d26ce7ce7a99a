import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  IncomingHttpStatusHeader,
} from "node:http2";

import type { Timer } from "@millrace/platform";

import { headerBytesMax } from "./http-options.ts";
import { nodeModules } from "./node-modules.ts";
import type { PeerAnswer, PeerRequest, PeerSettings } from "./peer-options.ts";

/** Requests on one connection; further ones wait for their turn. */
export const peerStreamsMax = 128;

/** Bytes of one answer that a peer may be ahead of who reads it. */
const windowBytes = 256 * 1024;

/** The peer speaks, but no HTTP/2. */
export class NoHttp2Error extends Error {
  override readonly name = "NoHttp2Error";
}

export interface PeerSessionEnds {
  /** Called once, where it takes no request more. */
  readonly retired: () => void;
  /** Called where nothing is under way on it any more either; twice is fine. */
  readonly ended: () => void;
}

/**
 * One connection to a peer, with many requests at once. While some are under way and nothing comes, the peer is asked
 * for a sign of life: a machine that is gone, or stands still, would be waited for forever.
 *
 * ```
 *  connecting ──settings──> open ──GOAWAY, close, idleMs──> closing (requests under way end) ──> closed
 *       └──no HTTP/2, connectMs───┴──no sign of life, error──────────────────────────────────> closed
 * ```
 */
export class PeerSession {
  readonly #settings: PeerSettings;
  readonly #session: ClientHttp2Session;
  readonly #ready = Promise.withResolvers<void>();
  readonly #retired: () => void;
  readonly #ended: () => void;
  readonly #waiting = new Set<() => void>();
  #streams = 0;
  #failure: Error | undefined;
  #hasSettings = false;
  #isUsable = true;
  #watch: Timer | undefined;
  /** Something has come since the last look. */
  #hasMoved = false;
  /** It was asked since the last look. */
  #wasUsed = false;

  constructor(address: string, settings: PeerSettings, { retired, ended }: PeerSessionEnds) {
    const { scheme, tls, timers, connectMs } = settings;
    this.#settings = settings;
    this.#retired = retired;
    this.#ended = ended;
    this.#ready.promise.catch(() => {}); // told to each request
    const session = nodeModules.http2().connect(`${scheme}://${address}`, {
      ...tls,
      settings: {
        enablePush: false,
        maxHeaderListSize: headerBytesMax,
        initialWindowSize: windowBytes,
      },
      ALPNProtocols: ["h2", "http/1.1"],
    });
    this.#session = session;
    this.#watch = timers.after(connectMs, () =>
      this.destroy(new Error(`no connection within ${connectMs} ms`)),
    );
    let hasConnected = false;
    session.once("connect", () => (hasConnected = true));
    session.once("remoteSettings", () => {
      this.#watch?.cancel();
      this.#hasSettings = true;
      this.#ready.resolve();
      this.#look();
    });
    session.on("error", (error) => (this.#failure ??= error));
    session.once("goaway", () => this.#retire());
    session.once("close", () => {
      const cause = this.#failure ?? new Error("the connection was closed");
      const isOther = hasConnected && !this.#hasSettings;
      this.#end(isOther ? new NoHttp2Error(cause.message, { cause }) : cause);
    });
  }

  get isUsable(): boolean {
    return this.#isUsable && this.#isOpen;
  }

  /** @throws NoHttp2Error; what broke the connection; the signal's reason */
  async ask(request: PeerRequest): Promise<PeerAnswer> {
    const { signal } = request;
    if (!this.#hasSettings) await orAborted(this.#ready.promise, signal);
    while (this.#streams >= peerStreamsMax && this.#isOpen && !signal.aborted)
      await this.#turn(signal);
    // Its turn is another's.
    if (signal.aborted) this.#wakeNext();
    signal.throwIfAborted();
    if (!this.#isOpen) throw this.#failure ?? new Error("the connection was closed");
    const { path, headers, body } = request;
    const stream = this.#session.request({ ":method": "POST", ":path": path, ...headers });
    this.#streams += 1;
    this.#wasUsed = true;
    stream.end(body);
    return this.#answerOf(stream, signal);
  }

  /** Takes no request more; those under way end. */
  close(): void {
    this.#session.close();
  }

  destroy(cause = new Error("it is closed")): void {
    this.#failure ??= cause;
    this.#session.destroy();
    // A server that does not like our certificate says so behind the handshake; Node tells of no close then.
    this.#end(cause);
  }

  #end(cause: Error): void {
    this.#watch?.cancel();
    this.#ready.reject(cause);
    this.#retire();
    for (const wake of this.#waiting) wake();
    this.#ended();
  }

  get #isOpen(): boolean {
    return !this.#session.closed && !this.#session.destroyed;
  }

  #answerOf(stream: ClientHttp2Stream, signal: AbortSignal): Promise<PeerAnswer> {
    return new Promise((resolve, reject) => {
      let failure: Error | undefined;
      const abort = (): void => stream.close(nodeModules.http2().constants.NGHTTP2_CANCEL);
      signal.addEventListener("abort", abort, { once: true });
      stream.on("error", (error: Error) => (failure = error));
      stream.once("response", (answer: IncomingHttpHeaders & IncomingHttpStatusHeader) => {
        this.#hasMoved = true;
        resolve({ status: answer[":status"] ?? 0, body: this.#bodyOf(stream, signal) });
      });
      stream.once("close", () => {
        signal.removeEventListener("abort", abort);
        this.#streams -= 1;
        this.#wakeNext();
        const cause = signal.aborted ? signal.reason : failure;
        reject(cause ?? this.#failure ?? new Error("the request was not answered"));
      });
    });
  }

  #wakeNext(): void {
    const [wake] = this.#waiting;
    wake?.();
  }

  #retire(): void {
    if (!this.#isUsable) return;
    this.#isUsable = false;
    this.#retired();
  }

  /** For a stream of its own. */
  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  async *#bodyOf(
    stream: ClientHttp2Stream,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    let isWhole = false;
    stream.once("end", () => (isWhole = true));
    try {
      for await (const chunk of stream as AsyncIterable<Uint8Array>) {
        this.#hasMoved = true;
        yield chunk;
      }
      if (!isWhole || stream.rstCode !== nodeModules.http2().constants.NGHTTP2_NO_ERROR)
        throw this.#failure ?? new Error("the answer broke off");
    } catch (error) {
      signal.throwIfAborted();
      throw error;
    } finally {
      if (!stream.closed) stream.close(nodeModules.http2().constants.NGHTTP2_CANCEL);
    }
  }

  /** Every now and then: whether anything came, or nobody wants anything. */
  #look(idleSinceLooks = 0): void {
    const { timers, silenceMs, pingMs, idleMs } = this.#settings;
    this.#watch = timers.after(silenceMs, () => {
      if (this.#session.destroyed) return;
      const wasUsed = this.#wasUsed;
      this.#wasUsed = false;
      if (this.#streams === 0) {
        if (wasUsed) this.#look();
        else if ((idleSinceLooks + 1) * silenceMs >= idleMs) this.close();
        else this.#look(idleSinceLooks + 1);
        return;
      }
      if (this.#hasMoved) {
        this.#hasMoved = false;
        this.#look();
        return;
      }
      this.#watch = timers.after(pingMs, () =>
        this.destroy(new Error(`no sign of life for ${silenceMs + pingMs} ms`)),
      );
      this.#session.ping((error) => {
        if (error !== null) return; // told by the close
        this.#watch?.cancel();
        this.#look();
      });
    });
  }
}

async function orAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
