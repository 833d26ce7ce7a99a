import { invariant } from "@millrace/model";
import { type Api, type RequestHeader, requestHeaderVersion } from "@millrace/protocol";
import type { Handler } from "./handler.ts";

const apiVersionsKey = 18;

/** The handlers of a broker by API key. */
export class HandlerTable {
  readonly #handlers = new Map<number, Handler>();

  add(...handlers: readonly Handler[]): void {
    for (const handler of handlers) {
      invariant(!this.#handlers.has(handler.api.key), "BROKER-3", handler.api.name);
      this.#handlers.set(handler.api.key, handler);
    }
  }

  /** The APIs that clients are told of, by key. */
  apis(): readonly Api[] {
    return [...this.#handlers.values()]
      .filter((handler) => handler.isHidden !== true)
      .map((handler) => handler.api)
      .toSorted((left, right) => left.key - right.key);
  }

  /** Undefined: the API or its version is not served, so that the connection must be closed. */
  find(header: RequestHeader): Handler | undefined {
    const handler = this.#handlers.get(header.apiKey);
    if (handler === undefined) return undefined;
    const { min, max } = handler.api.versions;
    const isServed = header.apiVersion >= min && header.apiVersion <= max;
    // ApiVersions answers any version: in the form of version 0, with an error.
    return isServed || header.apiKey === apiVersionsKey ? handler : undefined;
  }

  /** Of an API that is not served: 1, since the header of such a request is read for nothing. */
  headerVersion(apiKey: number, apiVersion: number): 1 | 2 {
    const api = this.#handlers.get(apiKey)?.api;
    return api === undefined ? 1 : requestHeaderVersion(api, apiVersion);
  }
}
