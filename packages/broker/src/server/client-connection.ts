import type { ReadMemory } from "@millrace/log";
import { invariant } from "@millrace/model";
import {
  isTlsFailure,
  type Connection,
  type ConnectionHandler,
  type LogFields,
  type Logger,
  type Platform,
  type Timer,
} from "@millrace/platform";
import { FrameSplitter, ProtocolError, readRequestHeader } from "@millrace/protocol";
import { Reader } from "@millrace/protocol/wire";
import type { RequestMetrics } from "../metrics/request-metrics.ts";
import { AnswerSender } from "./answer-sender.ts";
import type { Authentication } from "./authentication.ts";
import type { Authorizer } from "./authorizer.ts";
import { BackPressure, type RequestsAtHand } from "./back-pressure.ts";
import { BegunRequest } from "./begun-request.ts";
import { CloseConnectionError } from "./close-connection-error.ts";
import type { HandlerAnswer } from "./handler.ts";
import type { HandlerTable } from "./handler-table.ts";
import { ConnectionRequestContext, type ConnectionScope } from "./connection-request-context.ts";
import type { Quotas } from "./quotas.ts";
import type { Receiver, RequestMemory } from "./request-memory.ts";
import type { ResponseSlot } from "./response-queue.ts";
import { SaslExchange } from "./sasl-exchange.ts";
import type { Session } from "./session.ts";
import type { ServerLimits } from "./server-limits.ts";
import { toError } from "./to-error.ts";
import { turnMs, type Turns } from "./turns.ts";
import type { UnreadAnswers } from "./unread-answers.ts";
import { type AnswerWait, whenAnswered } from "./when-answered.ts";

export interface ClientConnectionOptions {
  readonly platform: Platform;
  readonly handlers: HandlerTable;
  /** Gets back what answers lay in, once they are sent. */
  readonly readMemory: ReadMemory;
  readonly limits: ServerLimits;
  readonly listener: string;
  /** Undefined: nobody is asked who it is. */
  readonly authentication: Authentication | undefined;
  /** Who it is that is not asked. @throws CloseConnectionError nobody */
  readonly identify: (connection: Connection) => Session;
  readonly authorizer: Authorizer | undefined;
  readonly quotas: Quotas;
  /** Of all connections. */
  readonly unread: UnreadAnswers;
  readonly requests: RequestMemory;
  readonly turns: Turns;
  readonly metrics: RequestMetrics;
  /** It has shown who it is, and asks something. */
  readonly onAsked: (connection: ClientConnection) => void;
  readonly onClosed: (connection: ClientConnection) => void;
}

/**
 * One client: its bytes become requests, one after the other, and their responses leave in the same order.
 *
 *     bytes ──▶ frames ──▶ handler ──▶ response ─────────────▶ queue ──▶ bytes
 *                 ▲            ├──▶ parked: the next request goes on ──▶ │
 *                 │            └──▶ promise: the next request waits ───▶ │
 *                 └── held back while too much is unanswered or unsent ──┘
 *
 * Many requests that came at once are worked at in turns, so that others are served in between.
 * Whatever does not parse, or is not served, ends the connection once the requests before it are answered.
 */
export class ClientConnection implements ConnectionHandler, Receiver {
  readonly #connection: Connection;
  readonly #options: ClientConnectionOptions;
  readonly #logger: Logger;
  readonly #frames: FrameSplitter;
  readonly #answers: AnswerSender;
  readonly #pressure: BackPressure;
  /** Undefined: nobody is asked who it is. */
  readonly #exchange: SaslExchange | undefined;
  readonly #closing = new AbortController();
  readonly #scope: ConnectionScope;
  /** A handler's promise holds up the next requests. */
  readonly #wait: AnswerWait = {
    begin: () => {
      this.#isBusy = true;
    },
    end: () => {
      this.#isBusy = false;
      this.#process();
    },
  };
  /** A request whose turn has not come. */
  #held: Uint8Array | undefined;
  /** A handler's promise is awaited. */
  #isBusy = false;
  /** No more requests are read; the connection ends once all are answered. */
  #isEnding = false;
  #isClosed = false;
  #isProcessing = false;
  /** Its last request did not take long; of one that has asked nothing yet nobody knows. */
  #isQuick = false;
  /** Others have their turn. */
  #isResting = false;
  /** Nothing more is begun, since the client used up its quota. */
  #mute: Timer | undefined;
  #muteEndsMs = 0;
  #activeMs: number;
  #hasAsked = false;
  /** Who it is by what the connection shows, once it has asked something. */
  #identified: Session | undefined;

  constructor(connection: Connection, options: ClientConnectionOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#logger = options.platform.logger;
    const { platform, authentication, limits, metrics, listener } = options;
    const { clock, timers } = platform;
    this.#frames = new FrameSplitter(limits.requestBytesMax);
    if (authentication !== undefined) {
      const frames = this.#frames;
      const parts = { authentication, frames, limits, timers, metrics, listener };
      this.#exchange = new SaslExchange(parts);
    }
    const { readAheadBytesMax } = limits;
    const { requests } = options;
    const pressured = { connection, receiver: this, requests, readAheadBytesMax, clock };
    this.#pressure = new BackPressure(pressured);
    this.#activeMs = clock.monotonicMs();
    const { readMemory, unread } = options;
    const onFlushed = () => (this.#isEnding ? this.#finish() : this.#process());
    this.#answers = new AnswerSender({ connection, readMemory, unread, onFlushed });
    this.#scope = {
      listener: options.listener,
      clientAddress: connection.remoteAddress,
      signal: this.#closing.signal,
      software: { name: "unknown", version: "unknown" },
      turns: options.turns,
      unread: options.unread,
      authorizer: options.authorizer,
      quotas: options.quotas,
    };
    connection.handler = this;
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress;
  }

  data(chunk: Uint8Array): void {
    if (this.#isEnding || this.#isClosed) return;
    this.#activeMs = this.#options.platform.clock.monotonicMs();
    if (this.#frames.bufferedBytes === 0) this.#pressure.frameBegins(this.#activeMs);
    this.#frames.push(chunk);
    this.#process();
  }

  drained(): void {
    this.#answers.drained();
    this.#activeMs = this.#options.platform.clock.monotonicMs();
    this.#process();
  }

  closed(error?: Error): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#mute?.cancel();
    this.#answers.closed();
    this.#pressure.closed();
    if (error !== undefined) this.#tell(error);
    this.#closing.abort(error ?? new CloseConnectionError("the client closed the connection"));
    this.#options.onClosed(this);
  }

  #tell(error: Error): void {
    const isOfTls = isTlsFailure(error);
    if (isOfTls) this.#options.metrics.handshakeFailed(this.#options.listener);
    const level = isOfTls ? "info" : "debug";
    if (!this.#logger.isEnabled(level)) return;
    const event = isOfTls ? "broker.handshake-failed" : "broker.connection-broken";
    const { listener } = this.#options;
    this.#logger.log(level, event, { peer: this.remoteAddress, listener, error });
  }

  /** Drops peers that are idle, or take nothing, for too long. */
  checkLiveness(nowMs: number): void {
    const { idleMsMax, stallMsMax } = this.#options.limits;
    const quietMs = nowMs - this.#activeMs;
    const isIdle = this.#answers.size === 0 && quietMs > idleMsMax;
    if (isIdle || (this.#answers.isStalled && quietMs > stallMsMax)) this.destroy();
    else if (this.#pressure.isSlow(this.#atHand, nowMs - stallMsMax)) {
      this.#options.metrics.slowRequests++;
      this.#logger.log("warn", "broker.request-too-slow", { peer: this.remoteAddress });
      this.destroy();
    }
  }

  receiveOn(): void {
    this.#applyBackPressure();
  }

  /** Reads no more, answers what was asked, and ends. */
  end(): void {
    this.#isEnding = true;
    this.#closing.abort(new CloseConnectionError("the broker is closing"));
    this.#finish();
  }

  destroy(): void {
    this.#isEnding = true;
    this.#connection.destroy();
  }

  #process(): void {
    if (this.#isProcessing) return;
    const { turns } = this.#options;
    if (!this.#isQuick && (turns.isOver || turns.restMs > 0)) this.#rest();
    this.#isProcessing = true;
    const { clock } = this.#options.platform;
    const startMs = clock.monotonicMs();
    let hasBegun = false;
    try {
      while (this.#mayBegin()) {
        const frame = this.#held ?? this.#frames.next();
        if (frame === undefined) break;
        this.#pressure.frameBegins(startMs);
        this.#held = this.#begin(frame) ? undefined : frame;
        if (this.#held !== undefined) break;
        hasBegun = true;
        if (clock.monotonicMs() - startMs >= turnMs) this.#rest();
      }
    } catch (error) {
      this.#refuse("broker.frame-refused", error);
    } finally {
      this.#isProcessing = false;
    }
    if (hasBegun) this.#isQuick = !turns.end(startMs);
    this.#applyBackPressure();
  }

  /** Others have their turn; who takes long waits until it may go on. */
  #rest(): void {
    if (this.#isResting) return;
    this.#isResting = true;
    this.#options.platform.timers.after(this.#isQuick ? 0 : this.#options.turns.restMs, () => {
      this.#isResting = false;
      this.#process();
    });
  }

  #mayBegin(): boolean {
    const { unansweredMax, unansweredBytesMax, unreadBytesMax } = this.#options.limits;
    if (this.#isBusy || this.#isEnding || this.#isClosed) return false;
    if (this.#answers.isStalled || this.#isResting || this.#mute !== undefined) return false;
    const { unreadBytes, size, unansweredBytes } = this.#answers;
    const hasRoom = unreadBytes === 0 || !this.#options.unread.isFull;
    return (
      hasRoom &&
      unreadBytes < unreadBytesMax &&
      size < unansweredMax &&
      unansweredBytes < unansweredBytesMax
    );
  }

  get #atHand(): RequestsAtHand {
    return {
      bufferedBytes: this.#frames.bufferedBytes,
      heldBytes: this.#held?.length ?? 0,
      unansweredBytes: this.#answers.unansweredBytes,
      mayBegin: this.#mayBegin(),
    };
  }

  #applyBackPressure(): void {
    if (!this.#isClosed) this.#pressure.apply(this.#atHand);
  }

  /** False: the request must wait for the responses before it. */
  #begin(frame: Uint8Array): boolean {
    const { handlers, limits } = this.#options;
    if (this.#exchange?.takes(frame)) {
      if (this.#answers.hasOpen) return false;
      this.#authenticate(this.#exchange, frame);
      return true;
    }
    const { clock } = this.#options.platform;
    const startMs = clock.monotonicMs();
    const session = this.#sessionNow();
    if (!this.#hasAsked) this.#options.onAsked(this);
    this.#hasAsked = true;
    const reader = new Reader(frame, 0, limits.requestElementsMax);
    const header = readRequestHeader(reader, (key, version) =>
      handlers.headerVersion(key, version),
    );
    const handler = handlers.find(header);
    if (handler === undefined)
      throw new ProtocolError(
        "UNSUPPORTED_VERSION",
        `API ${header.apiKey} version ${header.apiVersion} is not served`,
      );
    if (handler.mayOvertake !== true && this.#answers.hasOpen) return false;
    const request = new BegunRequest({
      handler,
      header,
      context: new ConnectionRequestContext(this.#scope, session, header),
      served: this.#options.metrics.begin(handler.api, frame.length),
      clock,
    });
    this.#answer(request, request.run(reader, startMs));
    return true;
  }

  #sessionNow(): Session {
    const { identify } = this.#options;
    const session = this.#exchange?.session ?? (this.#identified ??= identify(this.#connection));
    if (this.#options.platform.clock.monotonicMs() < session.expiresMs) return session;
    throw new CloseConnectionError("the session is over, and was not authenticated again");
  }

  /** The next frame waits for the answer. */
  #authenticate(exchange: SaslExchange, frame: Uint8Array): void {
    exchange.check(frame);
    const slot = this.#answers.open(frame.length);
    this.#isBusy = true;
    exchange.receive(frame, (given, answered) => {
      this.#isBusy = false;
      if (!this.#isClosed) {
        this.#answers.fill(slot, given.parts);
        if (given.refusal === undefined) this.#answers.queueFlush();
        else this.#refuse("broker.authentication-failed", given.refusal, given.refused);
        answered();
      }
      if (!this.#isEnding) this.#process();
    });
  }

  #answer(request: BegunRequest, answer: HandlerAnswer<unknown>): void {
    const ended = (failure: Error | undefined, response: unknown) => {
      request.ended(failure, response);
      this.#holdBack(request.throttleMs);
    };
    if (answer === undefined) return ended(undefined, undefined);
    const slot = this.#answers.open(request.sizeBytes);
    whenAnswered(answer, this.#wait, (failure, response) => {
      ended(failure, response);
      if (failure === undefined) this.#fill(slot, request, response);
      else this.#fail(slot, failure);
    });
  }

  #holdBack(forMs: number): void {
    if (forMs === 0 || this.#isClosed) return;
    const endsMs = this.#options.platform.clock.monotonicMs() + forMs;
    if (endsMs <= this.#muteEndsMs) return;
    this.#mute?.cancel();
    this.#muteEndsMs = endsMs;
    this.#mute = this.#options.platform.timers.after(forMs, () => {
      this.#mute = undefined;
      this.#process();
    });
  }

  #fill(slot: ResponseSlot, request: BegunRequest, response: unknown): void {
    if (this.#isClosed) return;
    invariant(slot.parts === undefined, "BROKER-9", request.name);
    try {
      this.#answers.fill(slot, request.encode(response));
    } catch (error) {
      this.#logger.log("error", "broker.response-failed", { api: request.name, error });
      return this.#fail(slot, toError(error));
    }
    this.#answers.queueFlush();
  }

  #fail(slot: ResponseSlot, failure: Error): void {
    slot.parts = [];
    this.#refuse("broker.request-failed", failure);
  }

  #refuse(event: string, error: unknown, fields: LogFields = {}): void {
    const level =
      error instanceof CloseConnectionError || error instanceof ProtocolError ? "info" : "error";
    if (this.#logger.isEnabled(level))
      this.#logger.log(level, event, { peer: this.remoteAddress, ...fields, error });
    this.#isEnding = true;
    this.#finish();
  }

  #finish(): void {
    this.#answers.end();
  }
}
