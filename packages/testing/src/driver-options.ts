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
} from "@millrace/model";
import { serdeKind, type Serde } from "@millrace/serde";
import { Topology, type ErrorPolicy } from "@millrace/streams";

import { TestDriverError } from "./test-driver-error.ts";

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
export function checkTopic(method: "input" | "output", topic: unknown, options: unknown): void {
  if (typeof topic !== "string" || topic === "")
    throw invalidArgument(`driver.${method}`, topic, "a topic's name");
  if (method === "input") readOptions(inputTable, options);
  else readOptions(outputTable, options);
}

/** @throws OptionError */
export function checkPipe(options: unknown): void {
  readOptions(pipeTable, options);
}

export function invalidArgument(method: string, given: unknown, allowed: string): TestDriverError {
  return new TestDriverError(
    "INVALID_ARGUMENT",
    `${method}: it was given ${shown(given)}; give ${allowed}`,
  );
}
