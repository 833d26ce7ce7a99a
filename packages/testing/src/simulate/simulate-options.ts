import {
  durationOption,
  isRecordOf,
  numberOption,
  OptionError,
  optionTable,
  readOptions,
  valueOption,
  type GivenOptions,
} from "@millrace/model";
import { silentLogger } from "@millrace/platform";
import { memoryPlatform } from "@millrace/platform/memory";
import { streamsOptionTable, type StreamsOptions } from "@millrace/streams";

import { simulatedFaults, type SimulatedFault } from "./plan/planned-fault.ts";
import type { SimulatedInput } from "./plan/simulated-input.ts";
import type { Invariants } from "./run-settings.ts";
import { RunHistory } from "./world/run-history.ts";
import { instanceOptions } from "./world/instance-process.ts";
import { SimulatedWorld } from "./world/simulated-world.ts";

const functionsByName = {
  allowed: "functions by what they say must hold",
  accepts: isRecordOf((value) => typeof value === "function"),
};

const rows = {
  /** What is written: see `input`. */
  inputs: valueOption<readonly SimulatedInput[], { readonly isRequired: true }>(
    {
      allowed: "a list of what `input` gives",
      accepts: (given) =>
        Array.isArray(given) && given.every((one) => typeof one?.draw === "function"),
    },
    { isRequired: true },
  ),
  /** What must hold at the end, by its name: a function that throws where it does not, or gives a text that says so. */
  invariants: valueOption<Invariants, { readonly isRequired: true }>(functionsByName, {
    isRequired: true,
  }),
  /** What must hold while it runs, of what was seen so far. */
  always: valueOption<Invariants>(functionsByName),
  /** How many, from 1 on; or which. */
  seeds: valueOption<number | readonly number[]>(
    {
      allowed: "a whole number of at least 1, or a list of whole numbers",
      accepts: (given) =>
        (Number.isSafeInteger(given) && Number(given) > 0) ||
        (Array.isArray(given) && given.length > 0 && given.every(Number.isSafeInteger)),
    },
    { defaultText: "30" },
  ),
  /** What may go wrong. */
  faults: valueOption<readonly SimulatedFault[]>(
    {
      allowed: `a list of ${simulatedFaults.join(", ")}`,
      accepts: (given) =>
        Array.isArray(given) && given.every((one) => simulatedFaults.includes(one)),
    },
    { defaultText: "all" },
  ),
  /** Of the application. */
  instances: numberOption({ min: 1, max: 20, byDefault: 2 }),
  /** Of topics that are made for it. */
  partitions: numberOption({ min: 1, max: 100, byDefault: 2 }),
  /** Further topics, or other partition counts. */
  topics: valueOption<Readonly<Record<string, number>>>({
    allowed: "partition counts by the names of topics",
    accepts: isRecordOf((value) => Number.isSafeInteger(value) && Number(value) > 0),
  }),
  /** Virtual time in which input is written and faults happen. */
  duration: durationOption({ minMs: 1, byDefault: "2s" }),
  /** Virtual time for which nothing may be left to do before invariants are asked: longer than timers of the application take. */
  settle: durationOption({ byDefault: 0 }),
  /** Options of the application, but for its id, its cluster and its state directory. */
  options: valueOption<Omit<StreamsOptions, "applicationId" | "stateDirectory" | "signal">>({
    allowed: "options of StreamsApp.start without applicationId, stateDirectory and signal",
    accepts: isRecordOf(() => true),
  }),
  /** Runs that look for a shorter history, once one has failed. */
  shrinkRunsMax: numberOption({ byDefault: 40 }),
  /** Ends the simulation; while it looks for a shorter history, with the shortest that it has found. */
  signal: valueOption<AbortSignal>({
    allowed: "an AbortSignal",
    accepts: (given) => given instanceof AbortSignal,
  }),
};

/** How `simulate` runs; durations are `"5s"` or milliseconds of virtual time. */
export interface SimulateOptions extends GivenOptions<typeof rows> {}

export const simulateOptionTable = optionTable("simulate", rows);

const seedsDefault = 30;

export interface ResolvedSimulation {
  readonly inputs: readonly SimulatedInput[];
  readonly invariants: Invariants;
  readonly always: Invariants;
  readonly seeds: readonly number[];
  readonly faults: readonly SimulatedFault[];
  readonly instances: number;
  readonly partitions: number;
  readonly topics: Readonly<Record<string, number>>;
  readonly durationMs: number;
  readonly settleMs: number;
  readonly options: Partial<StreamsOptions>;
  readonly shrinkRunsMax: number;
  readonly signal: AbortSignal | undefined;
  /** For whoever asks a topology for its topics alone. */
  readonly worldOfNobody: SimulatedWorld;
}

/** @throws OptionError */
export function checkedOptions(options: SimulateOptions): ResolvedSimulation {
  const read = readOptions(simulateOptionTable, options);
  const own = ["applicationId", "stateDirectory", "signal"].find(
    (name) => name in (read.options ?? {}),
  );
  if (own !== undefined)
    throw new OptionError(
      "INVALID_OPTION",
      `simulate: options has ${own}, which the simulation sets itself; leave it out`,
    );
  // Each start of an instance would refuse them: that is told now.
  readOptions(streamsOptionTable, { ...instanceOptions, ...read.options });
  const { seeds = seedsDefault } = read;
  return {
    ...read,
    seeds: typeof seeds === "number" ? Array.from({ length: seeds }, (_, i) => i + 1) : seeds,
    always: read.always ?? {},
    faults: read.faults ?? simulatedFaults,
    topics: read.topics ?? {},
    durationMs: read.duration,
    settleMs: read.settle,
    options: read.options ?? {},
    worldOfNobody: new SimulatedWorld(
      "nobody",
      memoryPlatform({ logger: silentLogger }),
      new RunHistory(() => 0),
    ),
  };
}
