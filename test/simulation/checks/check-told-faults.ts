import type { FaultKind, StruckFault } from "@millrace/simulator";

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
  for (const { name } of processes) {
    const told = history.told.get(name) ?? [];
    const struck = simulator.faultsOf(name, toTellMs);
    // What several tasks meet in one moment ends them by one of their errors.
    const moments = Map.groupBy(struck, ({ kind, atMs }) => `${kind} at ${atMs} ms`);
    for (const [moment, faults] of moments)
      if (!faults.some((fault) => isTold(fault, told)))
        history.violate("I16", `${name} said nothing of ${moment} in ${faults[0].folder ?? "all"}`);
  }
}

export function isTold({ kind, folder }: StruckFault, told: readonly string[]): boolean {
  const sign = signs[kind];
  return (
    sign === undefined ||
    told.some((text) => sign.test(text) && (folder === undefined || namesFolder(text, folder)))
  );
}

/** Whether it names the folder or a file in it: not one whose name goes on, nor one within it. */
function namesFolder(text: string, folder: string): boolean {
  const paths = text.match(/[^\s,;:()"'`]+/g) ?? [];
  return paths.some((path) => {
    const named = path.replace(/\.$/, "");
    return named === folder || named.slice(0, named.lastIndexOf("/")) === folder;
  });
}
