import type { JsonObject } from "../records/json-members.ts";
import type { Registry } from "../registry/registry.ts";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** A request as a route's handler sees it. */
export interface RegistryRequest {
  readonly registry: Registry;
  /** Segments of the path that the route names, decoded. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: Query;
  /** @throws RegistryError `BAD_REQUEST`, `EMPTY_BODY` */
  body(): Promise<JsonObject>;
}

/** The query of a URL. */
export class Query {
  readonly #parameters: URLSearchParams;

  constructor(parameters: URLSearchParams) {
    this.#parameters = parameters;
  }

  text(name: string): string | undefined {
    return this.#parameters.get(name) ?? undefined;
  }

  all(name: string): readonly string[] {
    return this.#parameters.getAll(name);
  }

  flag(name: string): boolean {
    return this.text(name)?.toLowerCase() === "true";
  }

  /** The part of a list that `offset` and `limit` ask for; a limit below 1 is none. */
  page<Item>(list: readonly Item[], limitMax = Infinity): readonly Item[] {
    const offset = Math.max(0, this.#number("offset", 0));
    const limit = this.#number("limit", -1);
    const count = limit > 0 && limit <= limitMax ? limit : limitMax;
    return list.slice(offset, offset + count);
  }

  #number(name: string, byDefault: number): number {
    const text = this.text(name);
    return text !== undefined && /^-?\d{1,10}$/.test(text) ? Number(text) : byDefault;
  }
}

/** What a handler answers with: a value for JSON, a text as it is, or nothing. */
export type RouteAnswer =
  | { readonly json: unknown }
  | { readonly text: string }
  | { readonly status: 204 };

export interface Route {
  readonly method: Method;
  /** `{name}` stands for any segment, `{name:int}` for a number. */
  readonly path: string;
  /** The leader alone does it. */
  readonly changes?: true;
  /**
   * Of a route that changes: the answer where there is nothing to change, so that every member can give it.
   */
  unchanged?(request: RegistryRequest): Promise<RouteAnswer | undefined>;
  handle(request: RegistryRequest): RouteAnswer | Promise<RouteAnswer>;
}
