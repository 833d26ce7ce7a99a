import { drainTurn } from "@millrace/platform/node";
import type { Topology } from "@millrace/streams";
import type { Platform } from "@millrace/platform";
import { Simulator, type SimulatedLogEntry, type SimulatedProcess } from "@millrace/simulator";

import { checkEnds } from "./checks/check-ends.ts";
import { checkToldFaults } from "./checks/check-told-faults.ts";
import { checkHistory } from "./checks/check-history.ts";
import { checkRecovery } from "./checks/check-recovery.ts";
import { checkState } from "./checks/check-state.ts";
import type { Everything } from "./everything.ts";
import { History, type SeenRecord, type Violation } from "./history.ts";
import { noPlant, type Plant } from "./planted/plants.ts";
import { runApp } from "./processes/app-process.ts";
import { brokerName, runBroker } from "./processes/broker-process.ts";
import { EndedParts } from "./processes/ended-parts.ts";
import { judgeFailure, lossEvents } from "./processes/judge-failure.ts";
import { runLoader } from "./processes/loader-process.ts";
import { runObserver } from "./processes/observer-process.ts";
import type { StoreAnswers } from "./processes/store-answers.ts";
import { readEverything } from "./processes/read-everything.ts";
import { nameOf, partitionsOf, watchedTopics } from "./processes/read-records.ts";
import { programNamed } from "./programs/all-programs.ts";
import { noWorld } from "./programs/simulated-program.ts";
import { startWallMs, type SimulationContext } from "./simulation-context.ts";
import { swarmOptions, type SwarmOptions } from "./swarm.ts";
import { applicationId } from "./topics.ts";

/** Virtual time that healing may take, unless it is given. */
const healingMsDefault = 30_000;
const auditMsMax = 20_000;
const stepMs = 50;
const appNames = ["app-a", "app-b"] as const;

export interface SeedResult {
  readonly options: SwarmOptions;
  readonly violations: readonly Violation[];
  readonly traceHash: string;
  readonly traceLines: readonly string[];
  /** Faults that fired, steps that were reached, and steps in which a process died, by name. */
  readonly faults: ReadonlyMap<string, number>;
  readonly steps: ReadonlyMap<string, number>;
  readonly deaths: ReadonlyMap<string, number>;
  readonly closesInCommit: number;
  readonly virtualMs: number;
  readonly healingMs: number;
  readonly events: number;
  readonly records: number;
}

export interface RunSeedOptions {
  readonly plant?: Plant;
  /** In place of the program that the seed draws. */
  readonly program?: string | undefined;
  /** Virtual time that healing may take. */
  readonly healingMsMax?: number;
  /** The run is over as soon as something is violated: who looks for that alone needs no more of it. */
  readonly endsWhenViolated?: boolean;
  readonly log?: (entry: SimulatedLogEntry) => void;
  /** Asks the instances about a table meanwhile. */
  readonly answers?: StoreAnswers;
}

/**
 * One simulated world, twice as bad as any real one, and then none too bad: faults for a while, then none, and
 * everything must converge; then the broker's power fails once more, and all that is left is judged.
 */
export async function runSeed(seed: number, given: RunSeedOptions = {}): Promise<SeedResult> {
  const { plant = noPlant, program: name, log, answers } = given;
  const options = swarmOptions(seed, name);
  const program = programNamed(options.program);
  const topology = program.build(noWorld, options);
  const parts = topology.subtopologies(applicationId);
  const history = new History(() => simulator.nowMs);
  const simulator = new Simulator({
    seed,
    drain: drainTurn,
    startWallMs,
    faults: options.faults,
    times: options.times,
    log: (entry) => {
      judgeLog(history, entry);
      log?.(entry);
    },
  });
  const context: SimulationContext = {
    options,
    program,
    watched: partitionsOf(watchedTopics(program, topology)),
    inputs: new Set(parts.flatMap(({ sourceTopics }) => sourceTopics)),
    plant,
    plantMemory: new Map(),
    simulator,
    processes: [],
    history,
    ended: new EndedParts(seed),
    remaining: new Map(options.loaders.map((kind) => [kind, options.attempts])),
    progress: {
      isHealed: false,
      isOver: false,
      ending: new AbortController(),
      isClosing: false,
      closesInCommit: 0,
      isCaughtUp: false,
      finishedLoaders: new Set(),
    },
    deaths: new Map(),
    answers,
  };
  using _planted = plant.install?.();
  const healingMs = await live(context, topology, given);
  return {
    options,
    violations: history.violations,
    traceHash: simulator.traceHash(),
    traceLines: simulator.traceLines(),
    faults: simulator.faults,
    steps: simulator.steps,
    deaths: context.deaths,
    closesInCommit: context.progress.closesInCommit,
    virtualMs: simulator.nowMs,
    healingMs,
    events: simulator.eventCount,
    records: context.watched.reduce((sum, one) => sum + history.seen(nameOf(one)).size, 0),
  };
}

/** What goes wrong beyond all processes (nobody caught it, nothing ever ends) is a violation as well. */
async function live(
  context: SimulationContext,
  topology: Topology,
  { healingMsMax = healingMsDefault, endsWhenViolated = false }: RunSeedOptions,
): Promise<number> {
  const { simulator, history, options, program } = context;
  const isOver = (): boolean => endsWhenViolated && history.violations.length > 0;
  let healingMs = 0;
  try {
    addProcesses(context);
    for (let leftMs = options.chaosMs; leftMs > 0 && !isOver(); leftMs -= stepMs)
      await simulator.advance(Math.min(stepMs, leftMs));
    if (!isOver()) healingMs = await converge(context, healingMsMax, isOver);
    if (isOver()) return healingMs;
    const first = await auditAfterPowerLoss(context, 1);
    checkHistory(history, first);
    checkState(history, first, topology);
    for (const problem of program.judge(first, options)) history.violate("I9", problem);
    program.check?.(history, first);
    checkRecovery(history, first, await auditAfterPowerLoss(context, 2));
    await checkEnds(context);
    checkToldFaults(context);
  } catch (error) {
    history.violate("I0", error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  return healingMs;
}

function addProcesses(context: SimulationContext): void {
  const { simulator, options } = context;
  for (const point of options.crashPoints) simulator.crashAt(point);
  const broker = simulator.process(brokerName, {
    start: (platform) => runBroker(platform, context, () => broker.kill()),
    // What was acknowledged is kept once: nobody can mend a sector of it.
    immuneTo: ["latentError"],
  });
  const add = (name: string, start: (platform: Platform) => Promise<void>): SimulatedProcess =>
    simulator.process(name, { start });
  context.processes.push(
    broker,
    ...appNames.map((name) => add(name, (platform) => runApp(platform, context, name))),
    ...options.loaders.map((kind) =>
      add(`loader-${kind}`, (platform) => runLoader(platform, context, kind)),
    ),
    add("observer", (platform) => runObserver(platform, context)),
  );
}

/** I14: without faults all input is processed in bounded time, and nothing stays open. */
async function converge(
  context: SimulationContext,
  healingMsMax: number,
  isOver: () => boolean,
): Promise<number> {
  const { simulator, history, progress } = context;
  const startMs = simulator.nowMs;
  simulator.heal();
  progress.isHealed = true;
  progress.isCaughtUp = false;
  for (;;) {
    await simulator.advance(stepMs);
    if (isOver()) return simulator.nowMs - startMs;
    if (simulator.nowMs - startMs < latestArrivalMs(context)) continue;
    const missing = whatIsMissing(context);
    const isTooLong = simulator.nowMs - startMs > healingMsMax;
    if (missing !== undefined && !isTooLong) continue;
    if (missing !== undefined)
      history.violate("I14", `${healingMsMax} ms after the last fault ${missing}`);
    progress.isOver = true;
    while (progress.isClosing && simulator.nowMs - startMs < 2 * healingMsMax)
      await simulator.advance(stepMs);
    return simulator.nowMs - startMs;
  }
}

/** What was on its way to the broker when the faults ended has arrived then. */
function latestArrivalMs({ options: { faults, times } }: SimulationContext): number {
  return faults.delay === undefined ? 0 : (times.delayMs?.[1] ?? 0);
}

function whatIsMissing(context: SimulationContext): string | undefined {
  const { options, program, history, inputs, remaining, progress, watched } = context;
  for (const kind of options.loaders)
    if (!progress.finishedLoaders.has(kind))
      return `the ${kind} loader has ${remaining.get(kind)} attempts left`;
  if (!progress.isCaughtUp) return "the observer is not at the end, or a transaction is open";
  const everything = seenByObserver(context);
  for (const partition of watched) {
    if (!inputs.has(partition.topic)) continue;
    const last = everything.get(nameOf(partition))?.records.at(-1);
    const committed = history.committed(nameOf(partition)) ?? 0;
    if (last !== undefined && committed <= last.offset)
      return `${nameOf(partition)} is committed up to ${committed}, its last record is ${last.offset}`;
  }
  return program.judge(everything, options)[0];
}

function seenByObserver({ history, watched }: SimulationContext): Everything {
  return new Map(
    watched.map((partition) => {
      const name = nameOf(partition);
      const records = [...history.seen(name).values()].sort(byOffset);
      return [name, { start: 0, end: 0, records, raw: [] }];
    }),
  );
}

function byOffset(left: SeenRecord, right: SeenRecord): number {
  return left.offset - right.offset;
}

async function auditAfterPowerLoss(
  { simulator, watched }: SimulationContext,
  count: number,
): Promise<Everything> {
  simulator.powerLoss(brokerName);
  const { platform } = simulator.process(`auditor-${count}`);
  return simulator.until(readEverything(platform, watched), { timeoutMs: auditMsMax });
}

function withCauses(value: unknown): string {
  return value instanceof Error && value.cause !== undefined
    ? `${String(value)} (${withCauses(value.cause)})`
    : String(value);
}

/** I0: what is only logged may be a mistake of ours too. */
function judgeLog(history: History, { process, event, fields }: SimulatedLogEntry): void {
  if (fields === undefined) return;
  for (const value of Object.values(fields))
    if (value instanceof Error || typeof value === "string")
      history.tell(process, `${event}: ${withCauses(value)}`);
  if (lossEvents.has(event))
    history.violate("I0", `${process} logged ${event}: ${JSON.stringify(fields)}`);
  for (const value of Object.values(fields)) {
    if (value instanceof Error) judgeFailure(history, `${process} logged ${event}`, value);
    else if (typeof value === "string" && /^(?:TypeError|RangeError|InvariantError)/.test(value))
      history.violate("I0", `${process} logged ${event}: ${value}`);
  }
}
