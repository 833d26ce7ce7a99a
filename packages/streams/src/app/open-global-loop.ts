import { GlobalLoop } from "../runtime/global-loop.ts";
import type { ProcessParts } from "./process-parts.ts";

/** Undefined: the topology has no global stores. */
export function openGlobalLoop(
  { topology, shared }: Pick<ProcessParts, "topology" | "shared">,
  directory: string,
): GlobalLoop | undefined {
  const { globalStores } = topology;
  if (globalStores.length === 0) return undefined;
  return new GlobalLoop({ ...shared.global, globalStores, directory });
}
