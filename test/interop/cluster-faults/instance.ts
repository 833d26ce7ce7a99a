import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import type { ApplicationProcess, Place } from "../../conformance/application/processes.ts";
import type { Program } from "../../conformance/program.ts";
import type { Victim } from "./faults.ts";

export interface InstanceOptions {
  readonly name: string;
  readonly program: Program;
  readonly place: Place;
  readonly start: (program: Program, place: Place) => ApplicationProcess;
  /** What it exits with after SIGTERM. */
  readonly endCode: number;
  /** It is never made to stand still. */
  readonly isNeverStopped?: boolean;
  /** True: it has ended by itself, and whoever looks after it starts it again. */
  readonly isRestarted: (life: ApplicationProcess) => boolean;
}

/** As a supervisor would wait. */
const restartMs = 1000;

/** An instance of the application, in the same folder in each of its lives; beside it lies what they said. */
export class Instance implements Victim, AsyncDisposable {
  readonly name: string;
  readonly isBroker = false;
  readonly pause: (() => void) | undefined;
  readonly #options: InstanceOptions;
  #process: ApplicationProcess;
  #isAway = false;
  /** How often it was started again because it had ended by itself. */
  restarts = 0;

  constructor(options: InstanceOptions) {
    this.name = options.name;
    this.pause = options.isNeverStopped === true ? undefined : () => this.#process.pause();
    this.#options = options;
    this.#process = this.#start();
  }

  /** Resolves once this life of it has its tasks. */
  async isRunning(signal: AbortSignal): Promise<void> {
    await this.#process.reached("RUNNING", signal);
  }

  async kill(): Promise<void> {
    this.#isAway = true;
    await this.#process.kill();
  }

  async revive(): Promise<void> {
    this.#isAway = false;
    this.#process = this.#start();
  }

  resume(): void {
    this.#process.resume();
  }

  /** SIGTERM. Resolves with what was wrong with its end. */
  async stop(): Promise<string | undefined> {
    this.#isAway = true;
    const code = await this.#process.stop();
    if (code === this.#options.endCode) return undefined;
    return `${this.name} ended with ${code}: ${this.#process.errors}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isAway = true;
    await this.#process.kill();
  }

  #start(): ApplicationProcess {
    const { program, place, start } = this.#options;
    const life = start(program, place);
    life.failed.addEventListener("abort", () => void this.#ended(life));
    void life.exited.then(() => appendFileSync(`${place.state}.txt`, life.errors));
    return life;
  }

  async #ended(life: ApplicationProcess): Promise<void> {
    if (!this.#options.isRestarted(life)) return;
    await sleep(restartMs);
    if (this.#isAway || this.#process !== life) return;
    this.restarts += 1;
    this.#process = this.#start();
  }
}
