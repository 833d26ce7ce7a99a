import { encodeUtf8 } from "@millrace/model";
import { abortable, JoinedSignal } from "@millrace/platform";
import { SchemaRegistryError } from "../registry/schema-registry-error.ts";
import { readAnswer, tooLarge } from "./read-answer.ts";
import type { RegistryClientSettings } from "./registry-client-options.ts";
import { error, failureOf, nameOf, type RegistryAnswer } from "./registry-failure.ts";
import type { RegistryRequest } from "./registry-request.ts";
import { sleepIn } from "./registry-world.ts";

const contentType = "application/vnd.schemaregistry.v1+json";
/** Between two log lines that say that the registry is away. */
const tellAgainMs = 30_000;

/** A request's answer, as JSON; undefined where it has no body. */
export interface LinkAnswer {
  readonly json: unknown;
  readonly url: string;
}

/** Calls of the REST API: tried again, at one address after the other, until one answers or the time is over. */
export class RegistryLink {
  readonly #settings: RegistryClientSettings;
  readonly #closing = new AbortController();
  /** Which address is asked first: the one that answered last. */
  #next = 0;
  #failure: SchemaRegistryError | undefined;
  #toldAtMs: number | undefined;

  constructor(settings: RegistryClientSettings) {
    this.#settings = settings;
  }

  /** Why no answer came the last time. */
  get failure(): SchemaRegistryError | undefined {
    return this.#failure;
  }

  close(): void {
    this.#closing.abort(
      new SchemaRegistryError(
        "REGISTRY_CLIENT_CLOSED",
        "the client of the schema registry was closed; close it after all that use it",
      ),
    );
  }

  /** Rejects with a `SchemaRegistryError`, or the signal's reason. */
  async call(request: RegistryRequest, given?: AbortSignal): Promise<LinkAnswer> {
    using ends = new JoinedSignal(given, this.#closing.signal);
    const { signal } = ends;
    const { world, urls, apiTimeoutMs, retryBackoffMs, retryBackoffMsMax } = this.#settings;
    const endMs = world.clock.monotonicMs() + apiTimeoutMs;
    let told: SchemaRegistryError | undefined;
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted();
      const url = urls[this.#next % urls.length];
      const answer = await this.#attempt(request, { url, endMs, signal });
      if (!(answer instanceof RetriableFailure)) return answer;
      signal.throwIfAborted();
      const leftMs = endMs - world.clock.monotonicMs();
      // An attempt that the end of the time cut off says less than the one before it.
      told = leftMs <= 0 ? (told ?? answer.error) : answer.error;
      this.#tellAway(told);
      if (leftMs <= 0) throw told;
      this.#next = (this.#next + 1) % urls.length;
      if (attempt % urls.length > 0) continue;
      const doubled = retryBackoffMs * 2 ** Math.min(attempt / urls.length - 1, 20);
      const spread = 0.8 + (0.4 * world.random.nextUint32()) / 2 ** 32; // clients do not come in step
      const pauseMs = Math.max(Math.min(doubled, retryBackoffMsMax) * spread, answer.retryAfterMs);
      await sleepIn(world, Math.min(pauseMs, leftMs), signal);
      if (world.clock.monotonicMs() >= endMs) throw told;
    }
  }

  async #attempt(
    request: RegistryRequest,
    { url, endMs, signal }: Attempt,
  ): Promise<LinkAnswer | RetriableFailure> {
    const { world, requestTimeoutMs } = this.#settings;
    const leftMs = Math.max(1, endMs - world.clock.monotonicMs());
    const timeoutMs = Math.min(requestTimeoutMs, leftMs);
    const ending = new AbortController();
    const timer = world.timers.after(timeoutMs, () =>
      ending.abort(unreachable(request, url, `no whole answer within ${Math.round(timeoutMs)} ms`)),
    );
    using both = new JoinedSignal(signal, ending.signal);
    try {
      return await abortable(this.#exchange(request, url, both.signal), both.signal);
    } catch (failure) {
      signal.throwIfAborted();
      const told =
        failure instanceof SchemaRegistryError ? failure : unreachable(request, url, failure);
      if (told.retriable) return new RetriableFailure(told, 0);
      throw told;
    } finally {
      timer.cancel();
    }
  }

  async #exchange(
    request: RegistryRequest,
    url: string,
    signal: AbortSignal,
  ): Promise<LinkAnswer | RetriableFailure> {
    const { fetch, answerBytesMax } = this.#settings;
    const { method, path, body } = request;
    const response = await fetch(`${url}${path}`, {
      method,
      headers: await this.#headers(request, signal),
      redirect: "manual",
      signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await readAnswer(response, answerBytesMax);
    if (text === tooLarge)
      throw error(
        "ANSWER_TOO_LARGE",
        `${nameOf(request)}: ${url} answers more than answerBytesMax, ${answerBytesMax} bytes`,
        { request, status: response.status },
      );
    const { status, headers } = response;
    const answer: RegistryAnswer = {
      url,
      status,
      contentType: headers.get("content-type") ?? "",
      location: headers.get("location"),
      text,
    };
    const json = parsed(text);
    const failure = failureOf(request, answer, json);
    if (failure?.retriable === true)
      return new RetriableFailure(failure, retryAfterMs(headers.get("retry-after")));
    this.#tellBack(url);
    if (failure !== undefined) throw failure;
    return { json, url };
  }

  async #headers(
    request: RegistryRequest,
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>>> {
    const { auth, headers } = this.#settings;
    const all = {
      accept: `${contentType}, application/json`,
      "content-type": contentType,
      ...headers,
    };
    if (auth === undefined) return all;
    if ("username" in auth) {
      const bytes = encodeUtf8(`${auth.username}:${auth.password}`);
      return { ...all, authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` };
    }
    if (typeof auth.token === "string") return { ...all, authorization: `Bearer ${auth.token}` };
    try {
      return { ...all, authorization: `Bearer ${await auth.token(signal)}` };
    } catch (cause) {
      const reason = cause instanceof Error ? reasonOf(cause) : String(cause);
      const message = `${nameOf(request)}: auth.token gives none: ${reason}`;
      throw error("REGISTRY_UNAVAILABLE", message, { request, retriable: true, cause });
    }
  }

  #tellAway(cause: SchemaRegistryError): void {
    this.#failure = cause;
    const { world, urls } = this.#settings;
    const nowMs = world.clock.monotonicMs();
    if (this.#toldAtMs !== undefined && nowMs - this.#toldAtMs < tellAgainMs) return;
    this.#toldAtMs = nowMs;
    world.logger.log("warn", "schema-registry.unavailable", {
      registry: urls.join(","),
      cause: cause.message,
      advice: "it is tried again; what needs a schema that is not known yet waits",
    });
  }

  #tellBack(url: string): void {
    this.#failure = undefined;
    if (this.#toldAtMs === undefined) return;
    this.#toldAtMs = undefined;
    this.#settings.world.logger.log("info", "schema-registry.available", { registry: url });
  }
}

interface Attempt {
  readonly url: string;
  readonly endMs: number;
  readonly signal: AbortSignal;
}

/** What is tried again: told apart from an answer without being thrown past its pause. */
class RetriableFailure {
  readonly error: SchemaRegistryError;
  readonly retryAfterMs: number;

  constructor(failure: SchemaRegistryError, retryAfterMs: number) {
    this.error = failure;
    this.retryAfterMs = retryAfterMs;
  }
}

/** What OpenSSL says of an answer in plain HTTP, by its versions. */
const speaksNoTls = /wrong version number|packet length too long|:http request:/i;

function unreachable(request: RegistryRequest, url: string, cause: unknown): SchemaRegistryError {
  const reason = cause instanceof Error ? reasonOf(cause) : String(cause);
  if (speaksNoTls.test(reason))
    return error(
      "NOT_A_REGISTRY",
      `${nameOf(request)}: ${url} does not speak TLS; a registry without TLS has an address of http://`,
      { request, ...(cause instanceof Error ? { cause } : {}) },
    );
  return error("REGISTRY_UNAVAILABLE", `${nameOf(request)}: ${url} does not answer: ${reason}`, {
    request,
    retriable: true,
    ...(cause instanceof Error ? { cause } : {}),
  });
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(failure: Error): string {
  const { cause } = failure;
  if (!(cause instanceof Error)) return failure.message;
  const code = "code" in cause ? ` (${String(cause.code)})` : "";
  return `${failure.message}: ${cause.message}${code}`;
}

function parsed(text: string): unknown {
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // what it is instead is told by whoever needs it
  }
}

/** In seconds, at most a minute; a date is left to the pauses. */
function retryAfterMs(given: string | null): number {
  const seconds = Number(given ?? 0);
  return Number.isFinite(seconds) ? Math.min(Math.max(0, seconds), 60) * 1000 : 0;
}
