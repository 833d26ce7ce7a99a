import { handshakeMsMax, type Connection, type ConnectionHandler } from "../network.ts";
import { tlsFailure, type TlsFailureCode } from "../network-error.ts";
import type { Timer, Timers } from "../platform.ts";
import type { PeerCertificate } from "../tls.ts";
import { unsetHandler } from "../unset-handler.ts";
import type { Handshake, HandshakeStep } from "./stand-in-handshake.ts";
import {
  alertFailure,
  alertMessage,
  alertRecord,
  handshakeMessage,
  StandInRecords,
} from "./stand-in-records.ts";

interface Shaking {
  readonly timers: Pick<Timers, "after">;
  /** For messages: "connect to host:port". */
  readonly action: string;
  /** Told once: agreed, or why not. */
  readonly settled?: (error?: Error) => void;
}

interface QueuedWrite {
  readonly parts: readonly Uint8Array[];
  readonly sent: (() => void) | undefined;
}

/**
 * Greets as TLS does, over any connection; then hands its bytes on as they are.
 *
 *   shaking --agree--> open --> closed
 *      '--refuse, alert, foreign bytes, too slow--> closed with an error
 */
export class StandInTlsConnection implements Connection {
  handler: ConnectionHandler = unsetHandler;
  readonly #raw: Connection;
  readonly #shaking: Shaking;
  readonly #records = new StandInRecords();
  #handshake: Handshake | undefined;
  #queued: QueuedWrite[] = [];
  #queuedBytes = 0;
  #peerCertificate: PeerCertificate | undefined;
  /** Came right behind the handshake, and waits for a handler. */
  #rest: Uint8Array | undefined;
  #isPaused = false;
  #isEnding = false;
  #error: Error | undefined;
  readonly #timer: Timer;

  constructor(raw: Connection, handshake: Handshake, shaking: Shaking) {
    this.#raw = raw;
    this.#handshake = handshake;
    this.#shaking = shaking;
    this.#timer = shaking.timers.after(handshakeMsMax, () => this.#fail("TLS_NOT_SPOKEN"));
    raw.handler = {
      data: (chunk) => this.#receive(chunk),
      drained: () => this.handler.drained(),
      closed: (error) => this.#finish(error),
    };
    if (handshake.opening !== undefined) raw.write([handshakeMessage(handshake.opening)]);
  }

  get remoteAddress(): string {
    return this.#raw.remoteAddress;
  }

  get peerCertificate(): PeerCertificate | undefined {
    return this.#peerCertificate;
  }

  get bufferedBytes(): number {
    return this.#queuedBytes + this.#raw.bufferedBytes;
  }

  write(parts: readonly Uint8Array[], sent?: () => void): boolean {
    if (this.#handshake === undefined) return this.#raw.write(parts, sent);
    if (this.#isEnding) return true;
    this.#queued.push({ parts, sent });
    for (const part of parts) this.#queuedBytes += part.length;
    return true;
  }

  pause(): void {
    this.#isPaused = true;
    if (this.#handshake === undefined) this.#raw.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (this.#rest === undefined) this.#raw.resume();
    else this.#handRestSoon();
  }

  end(): void {
    this.#isEnding = true;
    if (this.#handshake === undefined) this.#raw.end();
  }

  destroy(): void {
    this.#isEnding = true;
    this.#raw.destroy();
  }

  #receive(chunk: Uint8Array): void {
    if (this.#handshake === undefined) {
      this.handler.data(chunk);
      return;
    }
    this.#records.push(chunk);
    while (this.#handshake !== undefined && this.#error === undefined) {
      const record = this.#records.next();
      if (record === undefined) return;
      if (record === "foreign") this.#fail("TLS_NOT_SPOKEN", "unexpected");
      else if (record.type === alertRecord) this.#fail(alertFailure(record));
      else this.#answer(this.#handshake, record.body);
    }
  }

  #answer(handshake: Handshake, body: Uint8Array): void {
    let message: Record<string, unknown>;
    try {
      message = JSON.parse(new TextDecoder().decode(body)) as Record<string, unknown>;
    } catch {
      this.#fail("TLS_NOT_SPOKEN", "unexpected");
      return;
    }
    this.#step(handshake.answer(message));
  }

  #step(step: HandshakeStep): void {
    if (step.kind === "refuse") {
      this.#fail(step.code, step.alert);
      return;
    }
    if (step.message !== undefined) this.#raw.write([handshakeMessage(step.message)]);
    if (step.kind === "agree") this.#agree(step.peerCertificate);
  }

  #agree(peerCertificate: PeerCertificate | undefined): void {
    this.#timer.cancel();
    this.#handshake = undefined;
    this.#peerCertificate = peerCertificate;
    for (const { parts, sent } of this.#queued.splice(0)) this.#raw.write(parts, sent);
    this.#queuedBytes = 0;
    const rest = this.#records.takeRest();
    if (this.#isPaused || rest.length > 0) this.#raw.pause();
    if (rest.length > 0) {
      this.#rest = rest;
      this.#handRestSoon();
    }
    this.#shaking.settled?.();
    if (this.#isEnding) this.#raw.end();
  }

  #handRestSoon(): void {
    this.#shaking.timers.after(0, () => {
      const rest = this.#rest;
      if (rest === undefined || this.#isPaused || this.#isEnding) return;
      this.#rest = undefined;
      this.handler.data(rest);
      if (!this.#isPaused) this.#raw.resume();
    });
  }

  #fail(code: TlsFailureCode, alert?: Parameters<typeof alertMessage>[0]): void {
    this.#error = tlsFailure(this.#shaking.action, code);
    if (alert === undefined) this.#raw.destroy();
    else {
      this.#raw.write([alertMessage(alert)]);
      this.#raw.end();
    }
  }

  #finish(error: Error | undefined): void {
    this.#timer.cancel();
    const isCut = this.#handshake !== undefined && !this.#isEnding;
    const told =
      this.#error ?? (isCut ? tlsFailure(this.#shaking.action, "TLS_NOT_SPOKEN", error) : error);
    if (this.#handshake !== undefined) this.#shaking.settled?.(told);
    this.#handshake = undefined;
    this.handler.closed(told);
  }
}
