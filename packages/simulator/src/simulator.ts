import { invariant } from "@millrace/model";
import { VirtualTimeError } from "@millrace/platform/memory";
import { CrashSteps } from "./crash-steps.ts";
import { SimulatedDisk } from "./disk/simulated-disk.ts";
import { Switchboard } from "./network/switchboard.ts";
import type { ProcessOptions } from "./process/process-options.ts";
import { SimulatedProcess } from "./process/simulated-process.ts";
import type { SimulatedLog } from "./process/trace-logger.ts";
import type { CrashPoint, SimulatorOptions, UntilOptions } from "./simulator-options.ts";
import type { FaultKind, FaultProbabilities } from "./world/fault-plan.ts";
import type { StruckFault } from "./world/incarnation.ts";
import { ProcessKilledError } from "./world/process-killed-error.ts";
import { within, World, type EventOwner } from "./world/world.ts";

/** How often faults that need no opportunity may happen. */
const faultTickMs = 100;
const defaultStartWallMs = 1_767_225_600_000;
const defaultTimeoutMs = 3_600_000;
const eventsPerRunMax = 50_000_000;

/**
 * A world that a seed determines: processes, a network and disks that fail, virtual time.
 * It pops the earliest event (ties by seed), runs it, lets one real turn drain what it started, and goes on.
 *
 * @example
 * const simulator = new Simulator({ seed: 7, drain: drainTurn, faults: { cut: 0.01, kill: 0.002 } });
 * simulator.process("broker", { start: (platform) => runBroker(platform) });
 * const client = simulator.process("client", { immuneTo: ["kill"] });
 * await simulator.until(produceAll(client.platform));
 * simulator.heal();
 * await simulator.until(consumeAll(client.platform));
 */
export class Simulator {
  readonly #world: World;
  readonly #drain: () => Promise<void>;
  readonly #switchboard = new Switchboard();
  readonly #processes = new Map<string, SimulatedProcess>();
  readonly #disks = new Map<string, SimulatedDisk>();
  readonly #crashSteps = new CrashSteps();
  readonly #startWallMs: number;
  readonly #diskCapacityBytes: number;
  readonly #log: SimulatedLog | undefined;
  #failure: { readonly error: unknown } | undefined;
  #eventCount = 0;
  #isHealed = false;

  constructor(options: SimulatorOptions) {
    this.#world = new World(
      options.seed,
      options.faults ?? {},
      options.times ?? {},
      options.traceLinesMax,
    );
    this.#drain = options.drain;
    this.#startWallMs = options.startWallMs ?? defaultStartWallMs;
    this.#diskCapacityBytes = options.diskCapacityBytes ?? Number.MAX_SAFE_INTEGER;
    this.#log = options.log;
    if (options.faults !== undefined) this.#scheduleFaultTick();
  }

  get nowMs(): number {
    return this.#world.nowMs;
  }

  get eventCount(): number {
    return this.#eventCount;
  }

  /** Faults that fired, by kind. */
  get faults(): ReadonlyMap<FaultKind, number> {
    return this.#world.faultCounts;
  }

  /** What struck a process which then went on for at least so long: of each kind the first one of each life and folder. */
  faultsOf(process: string, lastedMs = 0): readonly StruckFault[] {
    const lives = [...(this.#world.struckLives.get(process) ?? [])];
    return lives.flatMap(({ struck, diedMs }) =>
      struck.filter(({ atMs }) => Math.min(diedMs, this.nowMs) - atMs >= lastedMs),
    );
  }

  /** Crash steps that were reached, and how often. */
  get steps(): ReadonlyMap<string, number> {
    return this.#crashSteps.counts;
  }

  /** How often a process has reached a step: `crashAt` counts on from there. */
  stepsOf(process: string, step: string): number {
    return this.#crashSteps.countOf(process, step);
  }

  /** All that happened, as one number: 16 hexadecimal digits. */
  traceHash(): string {
    return this.#world.trace.hash();
  }

  /** The last things that happened, oldest first. */
  traceLines(): readonly string[] {
    return this.#world.trace.lines();
  }

  /** Adds a process, running. */
  process(name: string, options: ProcessOptions = {}): SimulatedProcess {
    invariant(!this.#processes.has(name), "SIMULATOR-5", `${name} is there already`);
    const program = new SimulatedProcess(name, options, {
      world: this.#world,
      switchboard: this.#switchboard,
      disk: this.disk(options.disk ?? name),
      startWallMs: this.#startWallMs,
      log: this.#log,
      reach: (reached, step) => this.#reach(reached, step),
      fail: (error) => {
        this.#failure ??= { error };
      },
    });
    this.#switchboard.hosts.add(program.host);
    this.#processes.set(name, program);
    return program;
  }

  /** Made on first use. */
  disk(name: string): SimulatedDisk {
    let disk = this.#disks.get(name);
    if (disk === undefined) {
      disk = new SimulatedDisk(name, this.#diskCapacityBytes);
      this.#disks.set(name, disk);
    }
    return disk;
  }

  /** The power of a disk and of all processes on it fails. */
  powerLoss(diskName: string): void {
    const disk = this.disk(diskName);
    for (const program of this.#processes.values()) if (program.disk === disk) program.losePower();
    disk.powerLoss(this.#world.diskRandom);
  }

  /** Nothing passes between the two any more; connections stay, silent. */
  partition(left: string, right: string): void {
    this.#world.record("partition", left, right);
    this.#switchboard.block(left, right);
  }

  mend(left: string, right: string): void {
    this.#world.record("mend", left, right);
    this.#switchboard.unblock(left, right);
  }

  /** Breaks all connections between the two: both ends see an error. */
  cut(left: string, right: string): void {
    this.#switchboard.cut(left, right);
  }

  crashAt(point: CrashPoint): void {
    this.#crashSteps.add(point);
  }

  /** What may go wrong from now on, in place of what might before. */
  setFaults(faults: FaultProbabilities): void {
    this.#world.probabilities = faults;
  }

  /** No more faults; what is parted, paused or dead (and has a `start`) comes back. For the second half of a run. */
  heal(): void {
    this.#world.record("heal", "world");
    this.#world.probabilities = {};
    this.#isHealed = true;
    this.#switchboard.unblockAll();
    for (const program of this.#processes.values()) program.resume();
  }

  /** Runs until nothing is left to happen. */
  async run(): Promise<void> {
    await this.#drain();
    while (!this.#isIdle()) await this.#turn();
    this.#throwFailure();
  }

  /** Lets time pass, with all that happens in it. */
  async advance(durationMs: number): Promise<void> {
    const endMs = this.#world.nowMs + durationMs;
    await this.#drain();
    while ((this.#world.queue.nextTimeMs() ?? Infinity) <= endMs) await this.#turn();
    this.#world.nowMs = endMs;
    this.#throwFailure();
  }

  /** Runs until `work` is settled and gives its result. `STALLED`, `TIMED_OUT`: it was not. */
  async until<Result>(work: Promise<Result>, options: UntilOptions = {}): Promise<Result> {
    const endMs = this.#world.nowMs + (options.timeoutMs ?? defaultTimeoutMs);
    const progress = { isSettled: false };
    const settle = () => {
      progress.isSettled = true;
    };
    work.then(settle, settle);
    await this.#drain();
    for (let count = 0; !progress.isSettled; count++) {
      if (this.#isIdle()) {
        throw new VirtualTimeError(
          "STALLED",
          "nothing is left to happen that could settle the work",
        );
      }
      const timeMs = this.#world.queue.nextTimeMs() ?? 0;
      if (timeMs > endMs || count === eventsPerRunMax) {
        throw new VirtualTimeError("TIMED_OUT", `the work is not done at ${timeMs} ms (virtual)`);
      }
      await this.#turn();
    }
    this.#throwFailure();
    return work;
  }

  #isIdle(): boolean {
    this.#throwFailure();
    return this.#world.queue.size <= this.#world.backgroundCount;
  }

  #throwFailure(): void {
    if (this.#failure === undefined) return;
    const { error } = this.#failure;
    this.#failure = undefined;
    throw error;
  }

  async #turn(): Promise<void> {
    const taken = this.#world.queue.take();
    if (taken === undefined) return;
    const { event, action } = taken;
    this.#world.nowMs = Math.max(this.#world.nowMs, event.timeMs);
    if (this.#perform(event.owner, action)) await this.#drain();
  }

  /** True: code of a process ran, and may have started more. */
  #perform(owner: EventOwner, action: () => void): boolean {
    this.#eventCount++;
    if (owner === "background") this.#world.backgroundCount--;
    if (owner === "world" || owner === "background") {
      action();
      return false;
    }
    if (owner.isDead) return false;
    if (owner.isPaused) {
      owner.parked.push(action);
      return false;
    }
    try {
      action();
    } catch (error) {
      const program = this.#processes.get(owner.process);
      invariant(program !== undefined, "SIMULATOR-6", owner.process);
      program.failed(owner, error);
    }
    return true;
  }

  #reach(program: SimulatedProcess, step: string): void {
    const world = this.#world;
    world.record("step", program.name, step);
    const point = this.#crashSteps.reach(program.name, step);
    if (point !== undefined) {
      this.#crash(program, point.kind);
    } else if (
      world.planRandom.chance(world.probabilities.crashAtStep ?? 0) &&
      !program.isImmuneTo("crashAtStep")
    ) {
      world.countFault("crashAtStep", program.life);
      this.#crash(program, world.planRandom.chance(0.5) ? "kill" : "powerLoss");
    }
    if (!program.isAlive) throw new ProcessKilledError(program.name);
  }

  #crash(program: SimulatedProcess, kind: "kill" | "powerLoss"): void {
    if (kind === "kill") program.kill();
    else this.powerLoss(program.disk.name);
  }

  #scheduleFaultTick(): void {
    this.#world.schedule(faultTickMs, "background", () => {
      if (this.#isHealed) return;
      for (const program of this.#processes.values()) if (program.isAlive) this.#tryFaults(program);
      this.#scheduleFaultTick();
    });
  }

  #tryFaults(program: SimulatedProcess): void {
    const { times, planRandom: random } = this.#world;
    if (this.#strikes("pause", program) && !program.isPaused) {
      program.pause();
      this.#world.schedule(within(times.pauseMs, random), "world", () => program.resume());
    }
    if (this.#strikes("clockJump", program))
      program.jumpClock(Math.round(within(times.clockJumpMs, random)));
    if (this.#strikes("partition", program)) this.#partitionFromAnother(program.name);
    if (this.#strikes("kill", program)) program.kill();
    else if (this.#strikes("powerLoss", program)) this.powerLoss(program.disk.name);
  }

  #strikes(kind: FaultKind, program: SimulatedProcess): boolean {
    const { probabilities, planRandom } = this.#world;
    if (!planRandom.chance(probabilities[kind] ?? 0) || program.isImmuneTo(kind)) return false;
    this.#world.countFault(kind, program.life);
    return true;
  }

  #partitionFromAnother(name: string): void {
    const { times, planRandom: random } = this.#world;
    const others = [...this.#processes.keys()].filter((other) => other !== name);
    if (others.length === 0) return;
    const other = others[random.below(others.length)];
    this.partition(name, other);
    this.#world.schedule(within(times.partitionMs, random), "world", () => this.mend(name, other));
  }
}
