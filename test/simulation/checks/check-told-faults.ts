import type { FaultKind } from "@millrace/simulator";

import type { SimulationContext } from "../simulation-context.ts";

/**
 * What a log, or the error of whoever ended, says of a fault. What disks do is told to who asked for the read, or the write,
 * and not always in the log.
 */
const signs: Partial<Record<FaultKind, RegExp>> = {
  refuse: /cannot connect|no broker answers/,
};

/** I16: no fault is swallowed: whom it struck says so. */
export function checkToldFaults({ simulator, history, processes }: SimulationContext): void {
  for (const { name } of processes)
    for (const kind of simulator.faultsOf(name)) {
      const sign = signs[kind];
      const told = history.told.get(name) ?? [];
      if (sign === undefined || told.some((text) => sign.test(text))) continue;
      history.violate("I16", `${name} said nothing of ${kind}`);
    }
}
