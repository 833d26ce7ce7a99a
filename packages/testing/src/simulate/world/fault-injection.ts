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

type InjectedContext = Pick<SimulationContext, "simulator" | "plan" | "history" | "instances">;

/** Does to a simulation what its plan says. */
export class FaultInjection {
  readonly #context: InjectedContext;
  readonly #processes: ReadonlyMap<string, SimulatedProcess>;
  readonly #slow = new Map<PlannedFault, FaultProbabilities>();
  /** Pauses and isolations that are not over: of two at a time the last one to end lets the process go on. */
  readonly #holding = new Set<PlannedFault>();

  constructor(context: InjectedContext, processes: ReadonlyMap<string, SimulatedProcess>) {
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
        this.#endPausesOf(target);
        simulator.powerLoss(target);
        return;
      case "pause":
        this.#holding.add(fault);
        victim?.pause();
        return;
      case "cut":
        simulator.cut(target, brokerName);
        return;
      case "isolate":
        this.#holding.add(fault);
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
    if (this.#slow.delete(fault)) this.#setSlowness();
    const { kind, target } = fault;
    if (!this.#holding.delete(fault)) return;
    if ([...this.#holding].some((other) => other.kind === kind && other.target === target)) return;
    if (kind === "pause") this.#processes.get(target)?.resume();
    else this.#context.simulator.mend(target, brokerName);
  }

  /** A process that is started anew does not stand still. */
  #endPausesOf(target: string): void {
    for (const fault of this.#holding)
      if (fault.kind === "pause" && fault.target === target) this.#holding.delete(fault);
  }

  #crash({ target, commit }: PlannedFault): void {
    const { simulator } = this.#context;
    if (commit === undefined) {
      this.#endPausesOf(target);
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
