import { abortable } from "@millrace/platform";
import type { Shape } from "./answer-shapes.ts";
import { unexpectedAnswer } from "./registry-failure.ts";
import type { RegistryLink } from "./registry-link.ts";
import type { RegistryRequest } from "./registry-request.ts";

/** Calls with their answers read. The same question asked twice at once is sent once. */
export class RegistryCalls {
  readonly #link: RegistryLink;
  readonly #flights = new Map<string, Promise<unknown>>();

  constructor(link: RegistryLink) {
    this.#link = link;
  }

  /** What changes something: each call is sent, and ended by its signal. */
  async change<T>(request: RegistryRequest, shape: Shape<T>, signal?: AbortSignal): Promise<T> {
    const { json, url } = await this.#link.call(request, signal);
    const answer = shape(json);
    if (answer === undefined) throw unexpectedAnswer(request, url);
    return answer;
  }

  /** What may be shared: one caller's signal ends that caller's wait alone. */
  ask<T>(request: RegistryRequest, shape: Shape<T>, signal?: AbortSignal): Promise<T> {
    const { method, path, body } = request;
    const key = `${method} ${path} ${body === undefined ? "" : JSON.stringify(body)}`;
    const flying = this.#flights.get(key) as Promise<T> | undefined; // the same path has the same shape
    if (flying !== undefined) return abortable(flying, signal);
    const flight = this.change(request, shape).finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return abortable(flight, signal);
  }
}
