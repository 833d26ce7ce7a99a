import { DurationError, fromHex, type Headers } from "@millrace/model";
import { SerdeError } from "@millrace/serde";
import { StateError } from "@millrace/state";
import type { ErrorPolicy, Topology } from "@millrace/streams";
import { CallbackError, TopologyConfigError, TopologyError, StreamsError } from "@millrace/streams";
import { TestDriverError, TopologyTestDriver, type ProducedRecord } from "@millrace/testing";

import { AskedToFail } from "./functions.ts";
import type { Types } from "./handles.ts";
import { ProgramPlan, type PlannedProgram } from "./plan-program.ts";
import {
  asList,
  asText,
  type ErrorClass,
  type JsonObject,
  type Outcome,
  type OutcomeError,
  type OutcomeRecord,
  type OutcomeStep,
  type Program,
} from "./program.ts";
import { queryStore } from "./query-store.ts";
import { storeContents } from "./store-contents.ts";
import { bufferChangelogs, withBuffersAsKafkas } from "./suppress-buffers.ts";
import { ArgumentError, bytesOf, hexOf } from "./values.ts";

/** Interprets a program on the DSL and the test driver, and tells its outcome. */
export async function runProgram(program: Program): Promise<Outcome> {
  const { name, config = {} } = program;
  const outcome: Outcome = { name };
  const tooLarge = { name, badProgram: `produces more than ${recordsMax} records` };
  const applicationId = applicationIdOf(program);
  let planned: PlannedProgram;
  let driver: TopologyTestDriver;
  try {
    planned = new ProgramPlan().build(program);
    outcome.describe = planned.topology.describe();
    driver = new TopologyTestDriver(planned.topology, driverOptions(config, applicationId));
  } catch (thrown) {
    return { name, error: errorOf("build", thrown) };
  }
  outcome.subtopologies = subtopologies(planned.topology, applicationId);
  const producedCount = runSteps(program, { planned, driver }, outcome);
  await driver.close();
  return producedCount > recordsMax ? tooLarge : outcome;
}

/** As the oracle's: a program that produces more is no test but an explosion. */
const recordsMax = 20_000;

function applicationIdOf({ config = {} }: Program): string {
  return asText(config["app"] ?? "app");
}

function runSteps(
  program: Program,
  { planned, driver }: { readonly planned: PlannedProgram; readonly driver: TopologyTestDriver },
  outcome: Outcome,
): number {
  const steps: OutcomeStep[] = [];
  let producedCount = 0;
  let dropped = 0;
  const buffers = bufferChangelogs(driver, applicationIdOf(program));
  let hasFailed = false;
  for (const step of program.steps) {
    const result: OutcomeStep = {};
    steps.push(result);
    try {
      performStep(step, { planned, driver }, result);
    } catch (thrown) {
      if (thrown instanceof TestDriverError && thrown.code === "TOO_MANY_RECORDS") return Infinity;
      result.error = errorOf("run", thrown);
      hasFailed = true;
    }
    const taken = driver.takeProduced();
    producedCount += taken.length;
    if (producedCount > recordsMax) return producedCount;
    const produced = taken.map(outcomeRecord);
    const out = withBuffersAsKafkas(produced, buffers);
    if (out.length > 0) result.out = out;
    if (driver.droppedRecords > dropped) result.dropped = driver.droppedRecords - dropped;
    dropped = driver.droppedRecords;
    if (hasFailed) break;
  }
  outcome.steps = steps;
  if (!hasFailed)
    outcome.stores = storeContents(driver, steps, inputKeys(program, planned.topicTypes));
  outcome.metrics = { "dropped-records-total": dropped };
  return producedCount;
}

function performStep(
  step: JsonObject,
  { planned, driver }: { readonly planned: PlannedProgram; readonly driver: TopologyTestDriver },
  result: OutcomeStep,
): void {
  if (step["pipe"] !== undefined) {
    const topic = asText(step["pipe"]);
    const types = typesOfTopic(topic, planned.topicTypes);
    driver.pipe({
      topic,
      key: bytesOf(step["key"], types.key),
      value: bytesOf(step["value"], types.value),
      timestamp: Number(step["ts"]),
      headers: headersOf(step),
    });
  } else if (step["advanceWallClock"] !== undefined) {
    driver.advanceWallClock(Number(step["advanceWallClock"]));
  } else if (step["query"] !== undefined) {
    const name = asText(step["query"]);
    const types = planned.storeTypes.get(name) ?? { key: "string", value: "string" };
    result.result = queryStore(driver, { name, types, step });
  }
}

function driverOptions(config: JsonObject, applicationId: string) {
  const policy = (name: string): ErrorPolicy => (config[name] === "continue" ? "continue" : "fail");
  const idle = config["maxTaskIdleMs"];
  return {
    applicationId,
    cacheBytesMax: Number(config["cacheBytes"] ?? 0),
    recordsPerCallMax: recordsMax,
    onDeserializationError: policy("onDeserializationError"),
    onProcessingError: policy("onProcessingError"),
    onProductionError: policy("onProductionError"),
    ...(config["deadLetterTopic"] === undefined
      ? {}
      : { deadLetterTopic: asText(config["deadLetterTopic"]) }),
    ...(idle === undefined ? {} : { maxTaskIdleMs: Number(idle) }),
  };
}

/** Keys of the records that were piped, in hex. */
function inputKeys({ steps }: Program, topicTypes: ReadonlyMap<string, Types>): readonly string[] {
  return steps.flatMap((step) => {
    if (step["pipe"] === undefined) return [];
    const { key } = typesOfTopic(asText(step["pipe"]), topicTypes);
    return hexOf(bytesOf(step["key"], key)) ?? [];
  });
}

export function headersOf(step: JsonObject): Headers {
  return asList(step["headers"]).map((header) => {
    const [name, value] = asList(header);
    return [asText(name), value === null ? null : fromHex(asText(value))] as const;
  });
}

function typesOfTopic(topic: string, known: ReadonlyMap<string, Types>): Types {
  const exact = known.get(topic);
  if (exact !== undefined) return exact;
  for (const [pattern, types] of known)
    if (new RegExp(`^(?:${pattern})$`).test(topic)) return types;
  return { key: "string", value: "string" };
}

const javaTexts = new Set([
  "__streams.errors.exception",
  "__streams.errors.message",
  "__streams.errors.stacktrace",
]);

function outcomeRecord(record: ProducedRecord): OutcomeRecord {
  const headers = record.headers.map(
    ([name, value]) => [name, javaTexts.has(name) ? "*" : hexOf(value)] as const,
  );
  return {
    topic: record.topic,
    key: hexOf(record.key),
    value: hexOf(record.value),
    ts: record.timestamp,
    ...(headers.length === 0 ? {} : { headers }),
  };
}

function subtopologies(topology: Topology, applicationId: string): readonly unknown[] {
  return topology
    .subtopologies(applicationId)
    .filter((part) => part.sourceTopics.length > 0)
    .map((part) => ({
      id: part.id,
      sources: part.sourceTopics,
      sinks: part.sinkTopics,
      repartitions: part.repartitionTopics.map(({ name, partitionCount, configs }) => ({
        name,
        ...(partitionCount === undefined ? {} : { partitions: partitionCount }),
        config: configs,
      })),
      changelogs: part.changelogTopics.map(({ name, configs }) => ({ name, config: configs })),
    }));
}

function errorOf(phase: OutcomeError["phase"], thrown: unknown): OutcomeError {
  const message =
    process.env["CONFORMANCE_MESSAGES"] === undefined ? {} : { message: stackOf(thrown) };
  return { phase, class: classOf(thrown), ...message };
}

function stackOf(thrown: unknown): string {
  return thrown instanceof Error
    ? `${thrown.stack}\ncause: ${stackOf(thrown.cause)}`
    : String(thrown);
}

/** By the whole chain of causes: what was asked to fail, what a serde refused, and so on. */
function classOf(thrown: unknown): ErrorClass {
  const chain: unknown[] = [];
  for (let error = thrown; error instanceof Error; error = error.cause) chain.push(error);
  const has = (type: abstract new (...parameters: never[]) => unknown): boolean =>
    chain.some((error) => error instanceof type);
  if (has(AskedToFail)) return "user";
  // Java's factories of windows and durations refuse them at once.
  const isWindows = chain.some(
    (error) => error instanceof TopologyError && error.code === "INVALID_WINDOWS",
  );
  if (isWindows || has(DurationError)) return "argument";
  // A NullPointerException in Java.
  if (chain.some((error) => error instanceof StateError && error.code === "INVALID_STORE_KEY"))
    return "argument";
  if (has(TopologyError)) return "topology";
  if (has(TopologyConfigError)) return "config";
  if ([ArgumentError, CallbackError, TestDriverError, TypeError].some(has)) return "argument";
  if (has(SerdeError)) return "serialization";
  return has(StreamsError) ? "streams" : "state";
}
