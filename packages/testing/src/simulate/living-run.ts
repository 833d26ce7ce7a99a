import { messageOf } from "@millrace/model";
import type { MetricValue } from "@millrace/platform";
import type { SimulatedProcess } from "@millrace/simulator";

import { brokerName } from "./plan/planned-fault.ts";
import type { Invariants, RunSettings } from "./run-settings.ts";
import type { SimulatedRun } from "./simulated-run.ts";
import { SimulationError } from "./simulation-error.ts";
import { runBroker } from "./world/broker-process.ts";
import { connectToBroker } from "./world/connect-to-broker.ts";
import { FaultInjection } from "./world/fault-injection.ts";
import { runInstance } from "./world/instance-process.ts";
import { runLoader } from "./world/loader-process.ts";
import { runObserver } from "./world/observer-process.ts";
import type { SimulationContext } from "./world/simulation-context.ts";

/** What must hold of every application. */
const convergence = "all input is processed once the faults are over";

/** Virtual time that this may take. */
const convergeMsMax = 30_000;
const stepMs = 50;
const setUpMsMax = 60_000;
const judgeMsMax = 10_000;
/** After the last call: until its result is written and committed. */
const resultMs = 1_000;

/** The processes of a run, as its stages go: it starts, suffers its faults, comes to rest, and is judged. */
export class LivingRun {
  readonly #context: SimulationContext;
  readonly #settings: RunSettings;
  readonly #run: SimulatedRun;
  readonly #processes = new Map<string, SimulatedProcess>();

  constructor(context: SimulationContext, settings: RunSettings, run: SimulatedRun) {
    this.#context = context;
    this.#settings = settings;
    this.#run = run;
  }

  /** The broker and its topics first: an application does not start without. */
  async start(): Promise<void> {
    const context = this.#context;
    const { simulator } = context;
    const broker = simulator.process(brokerName, {
      start: (platform) => runBroker(platform, () => broker.kill()),
      onFailure: "restart",
    });
    this.#processes.set(brokerName, broker);
    const { platform } = simulator.process("set-up");
    const client = connectToBroker(platform, "set-up");
    const topics = [...this.#settings.topics].map(([name, partitionCount]) => ({
      name,
      partitionCount,
    }));
    await simulator.until(client.admin.createTopics(topics), { timeoutMs: setUpMsMax });
    await simulator.until(client.close());
    context.progress.startMs = simulator.nowMs;
    for (const name of this.#settings.instances) {
      const start = (own: typeof platform): Promise<void> => runInstance(own, context, name);
      this.#processes.set(name, simulator.process(name, { start }));
    }
    simulator.process("loader", { start: (own) => runLoader(own, context) });
    simulator.process("observer", { start: (own) => runObserver(own, context) });
  }

  async suffer(): Promise<void> {
    const { progress } = this.#context;
    for (const deed of new FaultInjection(this.#context, this.#processes).deeds()) {
      await this.#advanceTo(progress.startMs + deed.atMs);
      deed.do();
    }
    // Nothing else would happen in what is left of the time: it is not waited for.
    const lastMs = Math.max(0, ...this.#context.plan.sends.map(({ atMs }) => atMs));
    await this.#advanceTo(progress.startMs + lastMs);
  }

  /** No more faults: all that was written is to be processed, and then nothing more to come. */
  async converge(): Promise<void> {
    const { simulator, history, progress } = this.#context;
    simulator.heal();
    progress.isHealed = true;
    const endMs = simulator.nowMs + convergeMsMax;
    let settledMs: number | undefined;
    while (history.violation === undefined) {
      const { looks } = progress;
      await this.#advanceTo(simulator.nowMs + stepMs);
      const calls = this.#calls();
      const left = this.#left(calls);
      if (progress.looks === looks) continue;
      settledMs = left === undefined ? (settledMs ?? simulator.nowMs) : undefined;
      const { settleMs } = this.#settings;
      const settleMsMin = calls.length > 0 ? Math.max(settleMs, resultMs) : settleMs;
      if (settledMs !== undefined && simulator.nowMs - settledMs >= settleMsMin) return;
      if (simulator.nowMs < endMs) continue;
      const failure = history.lastFailure === undefined ? "" : `; ${history.lastFailure}`;
      history.violate(
        convergence,
        `${convergeMsMax / 1_000} s after the last fault ${left}${failure}`,
      );
    }
  }

  /** What is left to do; undefined: nothing. */
  #left(calls: readonly MetricValue[]): string | undefined {
    const { progress, instances } = this.#context;
    if (progress.remaining !== undefined) return progress.remaining;
    if (!this.#settings.instances.every((name) => instances.has(name)))
      return "an instance does not come back";
    const waiting = calls.find(({ value }) => value > 0);
    return waiting && `records wait for calls of ${waiting.tags["processor-node-id"]}`;
  }

  /** How many records wait, of each operator that awaits: their inputs are committed already. */
  #calls(): readonly MetricValue[] {
    const metrics = [...this.#context.instances.values()].flatMap(({ app }) => app.metrics());
    return metrics.filter(({ name }) => name === "async-waiting-count");
  }

  /** What invariants await takes no virtual time to speak of. */
  async judge(invariants: Invariants): Promise<void> {
    const { simulator, history } = this.#context;
    for (const [name, invariant] of Object.entries(invariants)) {
      if (history.violation !== undefined) return;
      try {
        const asked = Promise.resolve(invariant(this.#run));
        const complaint = await simulator.until(asked, { timeoutMs: judgeMsMax });
        if (typeof complaint === "string") history.violate(name, complaint);
      } catch (error) {
        // Asked of something that is not there: no run would answer.
        if (error instanceof SimulationError) throw error;
        history.violate(name, messageOf(error), error);
      }
    }
  }

  /** Looks at what must always hold wherever something has happened. */
  async #advanceTo(timeMs: number): Promise<void> {
    const { simulator, history } = this.#context;
    while (simulator.nowMs < timeMs && history.violation === undefined) {
      this.#settings.signal?.throwIfAborted();
      const { length } = history.events;
      await simulator.advance(Math.min(stepMs, timeMs - simulator.nowMs));
      if (history.events.length > length) await this.judge(this.#settings.always);
    }
  }
}
