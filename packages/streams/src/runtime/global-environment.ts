import type { GlobalStore } from "../topology/global-topology.ts";
import type { LoopEnvironment } from "./loop-environment.ts";

/** What the loop of the global stores is made of. The app makes it and owns what must be closed. */
export type GlobalEnvironment = Pick<
  LoopEnvironment,
  "platform" | "cluster" | "engines" | "cache" | "config" | "restored" | "remaining"
> & {
  readonly globalStores: readonly GlobalStore[];
  /** The folder of their engine. */
  readonly directory: string;
};
