import { invariant, isSynchronousFunction, OptionError, shown } from "@millrace/model";
import type { Logger } from "@millrace/platform";

/**
 * What an application is doing (Kafka: `KafkaStreams.State`).
 *
 * ```
 *  created ────────┐         Kafka: CREATED, REBALANCING, RUNNING,
 *     │            │                PENDING_SHUTDOWN (closing), NOT_RUNNING (closed),
 *     ▼            ▼                PENDING_ERROR (failing), ERROR (failed)
 *  rebalancing ─> closing ─> closed
 *   │  │  ▲        ▲
 *   │  ▼  │        │
 *   │ running ─────┘
 *   ▼  ▼
 *  failing ─> failed
 * ```
 */
export type StreamsState =
  | "created"
  | "rebalancing"
  | "running"
  | "closing"
  | "closed"
  | "failing"
  | "failed";

/** Kafka's numbers of the states, as its metric `client-state` has them. */
export const stateNumbers: Readonly<Record<StreamsState, number>> = {
  created: 0,
  rebalancing: 1,
  running: 2,
  closing: 3,
  closed: 4,
  failing: 5,
  failed: 6,
};

/** Told of each change, at once and in order (Kafka: `KafkaStreams.StateListener`). */
export type StateListener = (newState: StreamsState, oldState: StreamsState) => void;

export const stateListenerKind = {
  allowed: "a synchronous function, (newState, oldState) => void",
  accepts: isSynchronousFunction,
};

const followers: Readonly<Record<StreamsState, readonly StreamsState[]>> = {
  created: ["rebalancing", "closing"],
  rebalancing: ["running", "closing", "failing"],
  running: ["rebalancing", "closing", "failing"],
  closing: ["closed"],
  closed: [],
  failing: ["failed"],
  failed: [],
};

/** What an application reports of itself once it has begun to end is of no matter any more: so in Kafka. */
const endings: ReadonlySet<StreamsState> = new Set(["closing", "closed", "failing", "failed"]);

/** Changes that an iteration may be behind. */
const changesBehindMax = 16;

export interface ApplicationStateOptions {
  readonly applicationId: string;
  /** Told from the first change on. */
  readonly onStateChange: StateListener | undefined;
}

/** The state of an application, and who is told of it. */
export class ApplicationState {
  readonly #applicationId: string;
  readonly #logger: Logger;
  readonly #listeners = new Set<{ readonly tell: StateListener }>();
  #current: StreamsState = "created";
  /** Changes of which not everybody has been told. */
  readonly #untold: (readonly [newState: StreamsState, oldState: StreamsState])[] = [];

  constructor({ applicationId, onStateChange }: ApplicationStateOptions, logger: Logger) {
    this.#applicationId = applicationId;
    this.#logger = logger;
    if (onStateChange !== undefined) this.onChange(onStateChange);
  }

  get current(): StreamsState {
    return this.#current;
  }

  /** True: it changes no more. */
  get isOver(): boolean {
    return followers[this.#current].length === 0;
  }

  /** STREAMS-10: goes to another state that may follow. Without effect where it is in that one, or has begun to end. */
  to(state: StreamsState): void {
    const before = this.#current;
    const mayFollow = followers[before].includes(state);
    if (state === before || (endings.has(before) && !mayFollow)) return;
    invariant(mayFollow, "STREAMS-10", { from: before, to: state });
    this.#current = state;
    const application = this.#applicationId;
    this.#logger.log("info", "streams.state-changed", { application, from: before, to: state });
    // A listener may change the state itself, by closing the application: everybody hears of both in order.
    if (this.#untold.push([state, before]) > 1) return;
    for (; this.#untold.length > 0; this.#untold.shift()) this.#tell(...this.#untold[0]);
  }

  /** Where it was begun to fail, it has failed; else it is closed. */
  end(): void {
    this.to("closing");
    this.to(this.#current === "failing" ? "failed" : "closed");
  }

  /** @throws OptionError `INVALID_OPTION` */
  onChange(tell: StateListener): Disposable {
    if (!stateListenerKind.accepts(tell))
      throw new OptionError(
        "INVALID_OPTION",
        `onStateChange was given ${shown(tell)}; give ${stateListenerKind.allowed}`,
      );
    const listener = { tell };
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** The present state, then each change, until the last one. */
  async *states(signal?: AbortSignal): AsyncGenerator<StreamsState, void, undefined> {
    const waiting = [this.#current];
    let wake = (): void => {};
    using _ = this.onChange((state) => {
      // Only `rebalancing` and `running` come again and again: without two of them the rest is in order still.
      if (waiting.length >= changesBehindMax) waiting.splice(0, 2);
      waiting.push(state);
      wake();
    });
    const aborted = (): void => wake();
    signal?.addEventListener("abort", aborted);
    try {
      for (;;) {
        signal?.throwIfAborted();
        const state = waiting.shift();
        if (state !== undefined) {
          yield state;
          if (followers[state].length === 0) return;
        } else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      signal?.removeEventListener("abort", aborted);
    }
  }

  #tell(newState: StreamsState, oldState: StreamsState): void {
    const listeners = [...this.#listeners]; // one of them may add others
    for (const { tell } of listeners) {
      try {
        tell(newState, oldState);
      } catch (cause) {
        const application = this.#applicationId;
        this.#logger.log("warn", "streams.state-listener-failed", { application, newState, cause });
      }
    }
  }
}
