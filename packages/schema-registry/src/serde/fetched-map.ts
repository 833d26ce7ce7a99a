import { isPromise } from "@millrace/model";
import { SerdePendingError } from "@millrace/serde";
import type { Answer } from "../registry/answer.ts";
import type { SchemaRegistry } from "../registry/schema-registry.ts";

/** How long what cannot be had is not asked for again. */
const failureAgeMsMax = 10_000;

export interface FetchedMapOptions {
  /** Of what was fetched, and of failures: the oldest goes when another comes. */
  readonly entriesMax: number;
  readonly registry: SchemaRegistry;
}

/**
 * What is fetched once, for callers that cannot wait: they are told to come again (`SerdePendingError`). One fetch for
 * all who ask for the same. What failed for good is told again for a while, so that records nobody can read do not each
 * ask; what may come later is fetched anew: who waits has a bound of its own.
 */
export class FetchedMap<Key, Value> {
  readonly #options: FetchedMapOptions;
  readonly #values = new Map<Key, Value>();
  readonly #pending = new Map<Key, Promise<Value>>();
  readonly #failures = new Map<Key, { readonly error: unknown; readonly atMs: number }>();

  constructor(options: FetchedMapOptions) {
    this.#options = options;
  }

  get(key: Key): Value | undefined {
    return this.#values.get(key);
  }

  /**
   * @param what is fetched, for messages
   * @throws SerdePendingError while it is fetched; what the fetch failed with
   */
  need(key: Key, what: string, fetch: () => Answer<Value>): Value {
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    this.#throwFailure(key);
    const answer = this.#pending.get(key) ?? this.#begin(key, fetch);
    if (!isPromise(answer)) return answer as Value;
    throw new SerdePendingError(what, answer as Promise<Value>, this.#options.registry);
  }

  /** The same, for callers that can wait. A failure is no reason not to ask again. */
  fetch(key: Key, fetch: () => Answer<Value>): Answer<Value> {
    return this.#values.get(key) ?? this.#pending.get(key) ?? this.#begin(key, fetch);
  }

  #begin(key: Key, fetch: () => Answer<Value>): Answer<Value> {
    const answer = fetch();
    if (!isPromise(answer)) {
      this.#keep(key, answer as Value);
      return answer;
    }
    const pending = (answer as Promise<Value>)
      .then(
        (value) => {
          this.#keep(key, value);
          return value;
        },
        (error: unknown) => {
          this.#keepFailure(key, error);
          throw error;
        },
      )
      .finally(() => this.#pending.delete(key));
    this.#pending.set(key, pending);
    return pending;
  }

  #keep(key: Key, value: Value): void {
    this.#failures.delete(key);
    setBounded(this.#values, this.#options.entriesMax, [key, value]);
  }

  #keepFailure(key: Key, error: unknown): void {
    const mayCome = error instanceof Error && "retriable" in error && error.retriable === true;
    if (mayCome) return;
    const { entriesMax, registry } = this.#options;
    setBounded(this.#failures, entriesMax, [key, { error, atMs: registry.clock.monotonicMs() }]);
  }

  #throwFailure(key: Key): void {
    const failure = this.#failures.get(key);
    if (failure === undefined) return;
    if (this.#options.registry.clock.monotonicMs() - failure.atMs < failureAgeMsMax)
      throw failure.error;
    this.#failures.delete(key);
  }
}

function setBounded<Key, Value>(
  map: Map<Key, Value>,
  entriesMax: number,
  [key, value]: readonly [Key, Value],
): void {
  map.delete(key);
  for (const oldest of map.keys()) {
    if (map.size < entriesMax) break;
    map.delete(oldest);
  }
  map.set(key, value);
}
