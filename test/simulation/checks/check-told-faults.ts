import type { FaultKind } from "@millrace/simulator";

import type { SimulationContext } from "../simulation-context.ts";

/** What a log, or the error of whoever ended, says of a fault. Others are no errors by themselves: they make things late. */
const signs: Partial<Record<FaultKind, RegExp>> = {
  refuse: /cannot connect|no broker answers/,
  cut: /peer broke the connection/,
  diskFull: /disk is full/,
  fsyncError: /failed to sync/,
  latentError: /device cannot read/,
};

/** Who dies before that has no time to say anything: whoever ends by its own will closes first, which may take as long. */
const toTellMs = 1_000;

/** I16: no fault is swallowed: whom it struck says so, and of which folder, where it struck a file. */
export function checkToldFaults({ simulator, history, processes }: SimulationContext): void {
  for (const { name } of processes)
    for (const { kind, folder = "", atMs } of simulator.faultsOf(name, toTellMs)) {
      const sign = signs[kind];
      const told = history.told.get(name) ?? [];
      if (sign === undefined || told.some((text) => sign.test(text) && text.includes(folder)))
        continue;
      history.violate("I16", `${name} said nothing of ${kind} in ${folder} at ${atMs} ms`);
    }
}
