import { messageOf, stackOf } from "@millrace/model";
import type { Logger } from "@millrace/platform";
import { SchemaError } from "@millrace/schema-registry";

import { isJsonObject, type JsonObject } from "../records/json-members.ts";
import { hasControlCharacters } from "../records/qualified-subject.ts";
import type { Registry } from "../registry/registry.ts";
import { RegistryError, schemaNotTaken } from "../registry-error.ts";
import { compatibilityRoutes } from "./compatibility-routes.ts";
import { RouteTable, segmentsOf } from "./match-route.ts";
import { acceptedType, isTakenType } from "./media-types.ts";
import { rewrittenPlace, type RequestPlace } from "./rewrite-path.ts";
import { Query, type RegistryRequest, type Route, type RouteAnswer } from "./route.ts";
import { schemaRoutes } from "./schema-routes.ts";
import { settingsRoutes } from "./settings-routes.ts";
import { subjectRoutes } from "./subject-routes.ts";

/** Who may change the topic. */
export interface Leadership {
  /**
   * Does the work where this member leads, one after the other; else has the leader do what the request asks.
   *
   * @throws RegistryError `LEADER_UNKNOWN`, `FORWARDING_FAILED`
   */
  change(request: ForwardableRequest, work: () => Promise<Response>): Promise<Response>;
}

/** A request as it came, to be sent on. */
export interface ForwardableRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

export interface RegistryAppParts {
  readonly registry: Registry;
  readonly leadership: Leadership;
  readonly logger: Logger;
  /** Routes about the server itself. */
  readonly serverRoutes: readonly Route[];
  /** Undefined: the topic is read. Else why it is not yet. */
  notReady(): string | undefined;
}

/** The registry's REST API as an app: what is asked in, what is answered out. */
export class RegistryApp {
  readonly #parts: RegistryAppParts;
  readonly #routes: RouteTable;

  constructor(parts: RegistryAppParts) {
    this.#parts = parts;
    this.#routes = new RouteTable([
      ...schemaRoutes,
      ...subjectRoutes,
      ...compatibilityRoutes,
      ...settingsRoutes,
      ...parts.serverRoutes,
    ]);
  }

  async fetch(request: Request): Promise<Response> {
    const type = acceptedType(request.headers.get("accept") ?? undefined);
    if (type === undefined) return refusal(406, "only JSON can be given");
    try {
      return await this.#answer(request, type);
    } catch (error) {
      const told = toldError(error);
      if (told !== undefined)
        return refusal(told.status, told.message, { type, errorCode: told.errorCode });
      this.#parts.logger.log("error", "schema-registry-server.request-failed", {
        method: request.method,
        path: new URL(request.url).pathname,
        cause: stackOf(error),
      });
      return refusal(500, "the registry has failed; its log tells more", { type });
    }
  }

  async #answer(request: Request, type: string): Promise<Response> {
    const url = new URL(request.url);
    const given = placeOf(url);
    if (given === undefined) return new Response("the path is no text\n", { status: 400 });
    const why = this.#parts.notReady();
    if (why !== undefined) return refusal(503, why, { type, errorCode: 50001 });
    const place = rewrittenPlace(given, this.#parts.registry.state);
    const method = request.method === "HEAD" ? "GET" : request.method;
    const match = this.#routes.match(method, place.segments);
    if (match === undefined) return refusal(404, `there is no path ${url.pathname}`, { type });
    const allow = match.methods.join(", ");
    if (request.method === "OPTIONS") return new Response(allow, { headers: { allow } });
    const { route, path } = match;
    if (route === undefined) {
      const refused = refusal(405, `${url.pathname} takes ${allow}`, { type });
      refused.headers.set("allow", allow);
      return refused;
    }
    const hasBody = method === "POST" || method === "PUT";
    if (hasBody && !isTakenType(request.headers.get("content-type") ?? undefined))
      return refusal(415, "the body must be JSON", { type });
    const text = hasBody ? await request.text() : "";
    const asked: RegistryRequest = {
      registry: this.#parts.registry,
      path,
      query: new Query(place.parameters),
      body: async () => bodyOf(text),
    };
    const answer = await this.#handle(route, asked, { request, url, text, type });
    return request.method === "HEAD" ? new Response(null, answer) : answer;
  }

  async #handle(
    route: Route,
    asked: RegistryRequest,
    { request, url, text, type }: { request: Request; url: URL; text: string; type: string },
  ): Promise<Response> {
    const work = async (): Promise<Response> => responseOf(await route.handle(asked), type);
    if (route.changes !== true) return work();
    const unchanged = await route.unchanged?.(asked);
    if (unchanged !== undefined) return responseOf(unchanged, type);
    const { method, headers } = request;
    const path = url.pathname + url.search;
    return this.#parts.leadership.change({ method, path, headers, body: text }, work);
  }
}

/** Undefined: a fault of our own. What a format cannot print or compare is a schema that it does not take. */
function toldError(error: unknown): RegistryError | undefined {
  if (error instanceof RegistryError) return error;
  return error instanceof SchemaError ? schemaNotTaken(error) : undefined;
}

function responseOf(answer: RouteAnswer, type: string): Response {
  const headers = { "content-type": type };
  if ("status" in answer) return new Response(null, answer);
  const text = "text" in answer ? answer.text : JSON.stringify(answer.json);
  return new Response(text, { headers });
}

/** An error as Confluent's registry answers one. */
export function refusal(
  status: number,
  message: string,
  { type = "application/json", errorCode = status }: { type?: string; errorCode?: number } = {},
): Response {
  const body = JSON.stringify({ error_code: errorCode, message });
  return new Response(body, { status, headers: { "content-type": type } });
}

/** Undefined: what is encoded is no UTF-8, or a control character. */
function placeOf(url: URL): RequestPlace | undefined {
  try {
    const segments = segmentsOf(url.pathname).map(decodeURIComponent);
    return segments.some(hasControlCharacters)
      ? undefined
      : { segments, parameters: url.searchParams };
  } catch {
    return undefined;
  }
}

function bodyOf(text: string): JsonObject {
  if (text === "") throw new RegistryError("EMPTY_BODY", "the request has no body");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const reason = messageOf(error);
    throw new RegistryError("BAD_REQUEST", `the body is no JSON: ${reason}`);
  }
  if (isJsonObject(value)) return value;
  throw new RegistryError("BAD_REQUEST", "the body is no JSON object");
}
