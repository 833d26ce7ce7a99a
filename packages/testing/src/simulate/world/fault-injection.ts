import type { FaultProbabilities, SimulatedProcess } from "@millrace/simulator";

import { faultText } from "../plan/fault-text.ts";
import { brokerName, type PlannedFault } from "../plan/planned-fault.ts";
import type { SimulationContext } from "./simulation-context.ts";

/** Something that is done at a time. */
export interface Deed {
  readonly atMs: number;
  readonly do: () => void;
}

/** Share of messages that are late, and of syncs that are slow. */
const slowness = { slowNetwork: { delay: 0.3 }, slowDisk: { slowFsync: 0.5 } } as const;

/** Does to a simulation what its plan says. */
export class FaultInjection {
  readonly #context: SimulationContext;
  readonly #processes: ReadonlyMap<string, SimulatedProcess>;
  readonly #slow = new Map<PlannedFault, FaultProbabilities>();

  constructor(context: SimulationContext, processes: ReadonlyMap<string, SimulatedProcess>) {
    this.#context = context;
    this.#processes = processes;
  }

  /** Begins and ends of all faults, in their order. */
  deeds(): readonly Deed[] {
    const deeds = this.#context.plan.faults.flatMap((fault): readonly Deed[] => {
      const { atMs, lastsMs } = fault;
      const begin = { atMs, do: () => this.#begin(fault) };
      return lastsMs === 0
        ? [begin]
        : [begin, { atMs: atMs + lastsMs, do: () => this.#end(fault) }];
    });
    return deeds.sort((left, right) => left.atMs - right.atMs);
  }

  #begin(fault: PlannedFault): void {
    const { simulator, history, instances } = this.#context;
    const { kind, target, byMs, lastsMs } = fault;
    const victim = this.#processes.get(target);
    history.fault(faultText(fault));
    switch (kind) {
      case "crash":
        this.#crash(fault);
        return;
      case "powerLoss":
        simulator.powerLoss(target);
        return;
      case "pause":
        victim?.pause();
        return;
      case "cut":
        simulator.cut(target, brokerName);
        return;
      case "isolate":
        simulator.partition(target, brokerName);
        return;
      case "slowNetwork":
      case "slowDisk":
        this.#slow.set(fault, slowness[kind]);
        this.#setSlowness();
        return;
      case "rebalance":
        instances.get(target)?.leave(lastsMs);
        return;
      case "clockJump":
        victim?.jumpClock(byMs);
        return;
    }
  }

  #end(fault: PlannedFault): void {
    if (fault.kind === "pause") this.#processes.get(fault.target)?.resume();
    if (fault.kind === "isolate") this.#context.simulator.mend(fault.target, brokerName);
    if (this.#slow.delete(fault)) this.#setSlowness();
  }

  #crash({ target, commit }: PlannedFault): void {
    const { simulator } = this.#context;
    if (commit === undefined) {
      this.#processes.get(target)?.kill();
      return;
    }
    const { step, count } = commit;
    const occurrence = simulator.stepsOf(target, step) + count;
    simulator.crashAt({ step, occurrence, kind: "kill", process: target });
  }

  #setSlowness(): void {
    this.#context.simulator.setFaults(Object.assign({}, ...this.#slow.values()));
  }
}
