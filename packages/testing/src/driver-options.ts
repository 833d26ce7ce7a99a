import {
  durationOption,
  isSynchronousFunction,
  numberOption,
  OptionError,
  optionTable,
  readOptions,
  shown,
  textOption,
  valueOption,
  type Headers,
  type Timestamp,
} from "@millrace/model";
import { serdeKind, type Serde } from "@millrace/serde";
import { Topology, type ErrorPolicy } from "@millrace/streams";

import { TestDriverError } from "./test-driver-error.ts";

export interface TopologyTestDriverOptions {
  /** In front of the names of internal topics. Default `test`. */
  readonly applicationId?: string;
  /** Where the wall clock stands at first, in ms. Default 0. */
  readonly startMs?: Timestamp;
  /** Bytes of all record caches, which are flushed after each record; 0 turns them off. Default 10 MiB, as in an application. */
  readonly cacheBytesMax?: number;
  readonly onDeserializationError?: ErrorPolicy;
  readonly onProcessingError?: ErrorPolicy;
  readonly onProductionError?: ErrorPolicy;
  readonly deadLetterTopic?: string;
  /** How long the wall clock must move before a topic without records is no longer waited for. Default 0. */
  readonly maxTaskIdleMs?: number;
  /**
   * How far the wall clock must move before windows that have closed, and records without a match, are looked for again;
   * 1000 in an application. Default 0: their results come when they are due.
   */
  readonly emitIntervalMs?: number;
  /** How many records one call may make the topology write: one that feeds itself would never end. Default 1,000,000. */
  readonly recordsPerCallMax?: number;
}

// What the driver's methods take: tests in JavaScript have no types that would tell.

const policy = valueOption<ErrorPolicy>({
  allowed: '"fail", "continue" or a synchronous function that answers one of them',
  accepts: (given) => given === "fail" || given === "continue" || isSynchronousFunction(given),
});
/** Also times that records may have and sources refuse: a test may be about those. */
const timestamp = numberOption({ min: Number.MIN_SAFE_INTEGER });
const serde = valueOption<Serde<unknown>, { readonly isRequired: true }>(serdeKind, {
  isRequired: true,
});

const driverTable = optionTable("TopologyTestDriver", {
  applicationId: textOption({}),
  startMs: timestamp,
  cacheBytesMax: numberOption({}),
  onDeserializationError: policy,
  onProcessingError: policy,
  onProductionError: policy,
  deadLetterTopic: textOption({}),
  maxTaskIdleMs: numberOption({ min: -1 }),
  emitIntervalMs: numberOption({}),
  recordsPerCallMax: numberOption({ min: 1 }),
});
const inputTable = optionTable("driver.input", {
  key: serde,
  value: serde,
  startMs: timestamp,
  advance: durationOption({}),
});
const outputTable = optionTable("driver.output", { key: serde, value: serde });
const pipeTable = optionTable("pipe", {
  timestamp,
  headers: valueOption<Headers>({
    allowed: "a list of pairs [name, bytes]",
    accepts: (given) => Array.isArray(given) && given.every(Array.isArray),
  }),
});

const pipeAllTable = optionTable("pipeAll", { startMs: timestamp, advance: durationOption({}) });

/** @throws OptionError */
export function checkDriver(topology: unknown, options: unknown): void {
  if (!(topology instanceof Topology))
    throw new OptionError(
      "INVALID_OPTION",
      `TopologyTestDriver takes a topology; it was given ${shown(topology)}. builder.build() gives one`,
    );
  readOptions(driverTable, options);
}

/** @throws OptionError, TestDriverError `INVALID_ARGUMENT` */
export function checkTopic<Options>(
  method: "input" | "output",
  topic: unknown,
  options: Options | undefined,
): Options {
  if (typeof topic !== "string" || topic === "")
    throw invalidArgument(`driver.${method}`, topic, "a topic's name");
  if (method === "input") readOptions(inputTable, options);
  else readOptions(outputTable, options);
  return options as Options; // serdes are required
}

/** @throws OptionError */
export function checkPipe(options: unknown): void {
  readOptions(pipeTable, options);
}

/** @throws OptionError `INVALID_OPTION`: a step between times that are not given */
export function checkPipeAll(options: {
  readonly startMs?: unknown;
  readonly advance?: unknown;
}): void {
  readOptions(pipeAllTable, options);
  if (options.advance !== undefined && options.startMs === undefined)
    throw new OptionError("INVALID_OPTION", "pipeAll was given advance without startMs; give both");
}

/** @throws TestDriverError `INVALID_ARGUMENT` */
export function checkEntries(entries: unknown): void {
  if (!Array.isArray(entries) || !entries.every(Array.isArray))
    throw invalidArgument("pipeAll", entries, "a list of pairs [key, value]");
}

/** @throws TestDriverError `INVALID_ARGUMENT` */
export function checkTime(method: string, given: unknown): void {
  if (!Number.isSafeInteger(given) || Number(given) < 0)
    throw invalidArgument(method, given, "a time in ms since 1970, a whole number");
}

/** @throws TestDriverError `INVALID_ARGUMENT` */
export function checkSteps(steps: unknown): void {
  const isCount = steps === Infinity || Number.isSafeInteger(steps);
  if (!isCount || Number(steps) < 1)
    throw invalidArgument("driver.explain", steps, "a number of steps, at least 1");
}

export function invalidArgument(method: string, given: unknown, allowed: string): TestDriverError {
  return new TestDriverError(
    "INVALID_ARGUMENT",
    `${method}: it was given ${shown(given)}; give ${allowed}`,
  );
}
