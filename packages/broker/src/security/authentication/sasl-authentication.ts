import { noBytes } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import {
  type Api,
  codecOf,
  errorCodeOf,
  ProtocolError,
  readRequestHeader,
  type RequestHeader,
} from "@millrace/protocol";
import {
  apiVersionsApi,
  type ApiVersionsRequest,
  saslAuthenticateApi,
  type SaslAuthenticateRequest,
  saslHandshakeApi,
  type SaslHandshakeRequest,
} from "@millrace/protocol/definitions";
import { Reader, Writer } from "@millrace/protocol/wire";
import type { Authentication, AuthenticationAnswer } from "../../server/authentication.ts";
import { CloseConnectionError } from "../../server/close-connection-error.ts";
import type { HandlerTable } from "../../server/handler-table.ts";
import { encodeResponse } from "../../server/response-frame.ts";
import type { Session } from "../../server/session.ts";
import {
  SaslError,
  type SaslExchange,
  type SaslMechanism,
  type SaslOutcome,
} from "./sasl-mechanism.ts";

/** What is the same for all connections of a listener. */
export interface SaslListener {
  readonly platform: Platform;
  readonly handlers: HandlerTable;
  readonly mechanisms: ReadonlyMap<string, SaslMechanism>;
  /** `connections.max.reauth.ms` of a mechanism; 0: sessions do not end. */
  readonly reauthenticationMs: (mechanism: string) => number;
  /** Answers ApiVersions, which may be asked before anything else. */
  readonly apiVersions: (
    header: RequestHeader,
    request: ApiVersionsRequest | undefined,
  ) => { readonly errorCode: number };
}

/** Kafka lets nobody authenticate again more often. */
const againAfterMs = 1000;
const elementsMax = 1000;
/** Of the name that somebody said, in the log. */
const toldLengthMax = 200;

type State = "first" | "firstOrVersions" | "handshake" | "exchange" | "done" | "wrongMechanism";

/**
 * One connection's way through SASL (Kafka: `SaslServerAuthenticator`).
 *
 *     first ──ApiVersions──▶ handshake ──SaslHandshake──▶ exchange ──▶ done
 *       └────────────────SaslHandshake──────────────────▶ ▲             │
 *                                                         └─SaslHandshake, of a session that ends
 *
 * After SaslHandshake 0 the exchange's messages are frames of their own; after 1 they come in SaslAuthenticate.
 */
export class SaslAuthentication implements Authentication {
  readonly #listener: SaslListener;
  #state: State = "first";
  #session: Session | undefined;
  #mechanism = "";
  #exchange: SaslExchange | undefined;
  #hasHeaders = false;
  #begunAgainMs = Number.NEGATIVE_INFINITY;

  constructor(listener: SaslListener) {
    this.#listener = listener;
  }

  get session(): Session | undefined {
    return this.#session;
  }

  get isExchanging(): boolean {
    return this.#state !== "done";
  }

  takes(frame: Uint8Array): boolean {
    if (this.#state !== "done") return true;
    const session = this.#session;
    const isHandshake = frame.length > 1 && frame[0] === 0 && frame[1] === saslHandshakeApi.key;
    if (!isHandshake || session === undefined || session.expiresMs === Number.POSITIVE_INFINITY)
      return false;
    const nowMs = this.#listener.platform.clock.monotonicMs();
    if (nowMs - this.#begunAgainMs < againAfterMs) return false;
    this.#begunAgainMs = nowMs;
    this.#state = "firstOrVersions";
    return true;
  }

  receive(frame: Uint8Array): AuthenticationAnswer | Promise<AuthenticationAnswer> {
    if (this.#state === "wrongMechanism")
      throw new CloseConnectionError(
        `a session cannot go on with another mechanism than ${this.#mechanism}`,
      );
    if (this.#state !== "exchange") return this.#request(frame);
    return this.#hasHeaders ? this.#authenticate(frame) : this.#bareMessage(frame);
  }

  #read(frame: Uint8Array) {
    const { handlers } = this.#listener;
    const reader = new Reader(frame, 0, elementsMax);
    const header = readRequestHeader(reader, (key, version) =>
      handlers.headerVersion(key, version),
    );
    return { reader, header };
  }

  #request(frame: Uint8Array): AuthenticationAnswer {
    const { reader, header } = this.#read(frame);
    const isVersions = header.apiKey === apiVersionsApi.key;
    if (!isVersions && header.apiKey !== saslHandshakeApi.key)
      throw new ProtocolError(
        "UNSUPPORTED_VERSION",
        `API ${header.apiKey} came before authentication`,
      );
    if (isVersions) return this.#versions(header, reader);
    const request = decode<SaslHandshakeRequest>(saslHandshakeApi, header, reader);
    const { mechanism } = request;
    const { mechanisms } = this.#listener;
    const found = mechanisms.get(mechanism);
    const answer = (errorCode: number) =>
      encodeResponse(saslHandshakeApi, header.apiVersion, header.correlationId, {
        errorCode,
        mechanisms: [...mechanisms.keys()],
      });
    if (found === undefined)
      return {
        parts: answer(errorCodeOf("UNSUPPORTED_SASL_MECHANISM")),
        refusal: new CloseConnectionError(
          `the mechanism ${JSON.stringify(mechanism)} is not enabled`,
        ),
      };
    this.#hasHeaders ||= header.apiVersion > 0;
    if (this.#session !== undefined && mechanism !== this.#mechanism) {
      this.#state = "wrongMechanism";
      return { parts: answer(0) };
    }
    this.#mechanism = mechanism;
    this.#exchange = found.begin();
    this.#state = "exchange";
    return { parts: answer(0) };
  }

  #versions(header: RequestHeader, reader: Reader): AuthenticationAnswer {
    if (this.#state === "handshake" || this.#session !== undefined)
      throw new CloseConnectionError("ApiVersions came twice before authentication");
    this.#state = "firstOrVersions";
    const isKnown = header.apiVersion <= apiVersionsApi.versions.max;
    const request = isKnown
      ? decode<ApiVersionsRequest>(apiVersionsApi, header, reader)
      : undefined;
    const response = this.#listener.apiVersions(header, request);
    const version = isKnown ? header.apiVersion : 0;
    // Refused, it may be asked again.
    if (response.errorCode === 0) this.#state = "handshake";
    return { parts: encodeResponse(apiVersionsApi, version, header.correlationId, response) };
  }

  async #bareMessage(frame: Uint8Array): Promise<AuthenticationAnswer> {
    const step = await this.#step(frame);
    if (step.refusal !== undefined) return { parts: [], ...this.#refusalOf(step.refusal) };
    const writer = new Writer();
    writer.writeInt32(step.challenge.length);
    writer.writeRaw(step.challenge);
    return { parts: writer.parts() };
  }

  async #authenticate(frame: Uint8Array): Promise<AuthenticationAnswer> {
    const { reader, header } = this.#read(frame);
    if (header.apiKey !== saslAuthenticateApi.key) return this.#illegal(header, reader);
    const request = decode<SaslAuthenticateRequest>(saslAuthenticateApi, header, reader);
    const step = await this.#step(request.authBytes);
    const { refusal, challenge, lifetimeMs } = step;
    const response =
      refusal === undefined
        ? { errorCode: 0, errorMessage: "", authBytes: challenge, sessionLifetimeMs: lifetimeMs }
        : {
            errorCode: errorCodeOf("SASL_AUTHENTICATION_FAILED"),
            errorMessage: this.#textOf(refusal),
            authBytes: noBytes,
          };
    const parts = encodeResponse(
      saslAuthenticateApi,
      header.apiVersion,
      header.correlationId,
      response,
    );
    return refusal === undefined ? { parts } : { parts, ...this.#refusalOf(refusal) };
  }

  #refusalOf({ message, cause, user }: SaslError) {
    const refused = { mechanism: this.#mechanism, user: user?.slice(0, toldLengthMax) };
    return { refusal: new CloseConnectionError(message, cause), refused };
  }

  /** Anything else within the exchange is answered as far as the API's answers can tell of it. */
  #illegal(header: RequestHeader, reader: Reader): AuthenticationAnswer {
    const handler = this.#listener.handlers.find(header);
    if (handler === undefined)
      throw new ProtocolError("UNSUPPORTED_VERSION", `API ${header.apiKey} is not served`);
    decode(handler.api, header, reader);
    const response = { errorCode: errorCodeOf("ILLEGAL_SASL_STATE") };
    return {
      parts: encodeResponse(handler.api, header.apiVersion, header.correlationId, response),
      refusal: new CloseConnectionError(`${handler.api.name} came within the exchange of SASL`),
    };
  }

  async #step(message: Uint8Array): Promise<Step> {
    try {
      const { challenge, outcome } = (await this.#exchange?.receive(message)) ?? {
        challenge: noBytes,
      };
      const lifetimeMs = outcome === undefined ? 0 : this.#complete(outcome);
      return { challenge, lifetimeMs, refusal: undefined };
    } catch (error) {
      if (!(error instanceof SaslError)) throw error;
      return { challenge: noBytes, lifetimeMs: 0, refusal: error };
    }
  }

  /** Gives how long the session lasts; 0: it does not end. */
  #complete({ principal, credentialExpiresMs, isDelegationToken = false }: SaslOutcome): number {
    const before = this.#session;
    if (before !== undefined && before.principal.name !== principal.name)
      throw new SaslError(
        `Cannot change principals during re-authentication from User.${before.principal.name}: User.${principal.name}`,
        { isTold: true },
      );
    const { clock } = this.#listener.platform;
    const sessionMs = this.#listener.reauthenticationMs(this.#mechanism);
    const nowMs = clock.monotonicMs();
    const limits: number[] = [];
    if (sessionMs > 0) limits.push(sessionMs);
    if (credentialExpiresMs !== undefined) limits.push(credentialExpiresMs - clock.wallMs());
    const lifetimeMs = limits.length === 0 ? 0 : Math.max(0, Math.floor(Math.min(...limits)));
    this.#session = Object.freeze({
      principal: Object.freeze(principal),
      mechanism: this.#mechanism,
      isTokenAuthenticated: isDelegationToken,
      authenticatedMs: nowMs,
      expiresMs: limits.length === 0 ? Number.POSITIVE_INFINITY : nowMs + lifetimeMs,
    });
    this.#exchange = undefined;
    this.#state = "done";
    return lifetimeMs;
  }

  #textOf(refusal: SaslError): string {
    if (refusal.isTold) return refusal.message;
    const what = this.#session === undefined ? "authentication" : "re-authentication";
    return `Authentication failed during ${what} due to invalid credentials with SASL mechanism ${this.#mechanism}`;
  }
}

interface Step {
  readonly challenge: Uint8Array;
  readonly lifetimeMs: number;
  readonly refusal: SaslError | undefined;
}

/** @throws ProtocolError a version that is not served, or bytes that do not parse */
function decode<Request>(api: Api, { apiVersion }: RequestHeader, reader: Reader): Request {
  const { min, max } = api.versions;
  if (apiVersion < min || apiVersion > max)
    throw new ProtocolError("UNSUPPORTED_VERSION", `${api.name} ${apiVersion} is not served`);
  // The caller names the API's own request.
  return codecOf(api.request, apiVersion).read(reader) as Request;
}
