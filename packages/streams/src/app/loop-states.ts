import type { ApplicationState } from "./application-state.ts";

/**
 * The state of an application from those of its loops (Kafka: `KafkaStreams.StreamStateListener`): one that rebalances is
 * enough, and it runs once all do.
 */
export class LoopStates {
  readonly #application: Pick<ApplicationState, "to">;
  readonly #loops = new Map<number, "rebalancing" | "running">();

  constructor(application: Pick<ApplicationState, "to">) {
    this.#application = application;
  }

  of(loop: number): "rebalancing" | "running" {
    return this.#loops.get(loop) ?? "rebalancing";
  }

  tell(loop: number, state: "rebalancing" | "running"): void {
    this.#loops.set(loop, state);
    if (state === "rebalancing") this.#application.to("rebalancing");
    else this.#tellRunning();
  }

  /** What it told is of no matter any more. */
  forget(loop: number): void {
    if (this.#loops.delete(loop) && this.#loops.size > 0) this.#tellRunning();
  }

  #tellRunning(): void {
    for (const state of this.#loops.values()) if (state !== "running") return;
    this.#application.to("running");
  }
}
