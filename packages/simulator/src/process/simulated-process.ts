import { invariant } from "@millrace/model";
import { MetricRegistry, SeededRandom, type Platform } from "@millrace/platform";
import { StandInTls } from "@millrace/platform/memory";
import type { Switchboard } from "../network/switchboard.ts";
import { ProcessNetwork } from "../network/process-network.ts";
import { ProcessFileSystem } from "../disk/process-file-system.ts";
import type { SimulatedDisk } from "../disk/simulated-disk.ts";
import { Incarnation } from "../world/incarnation.ts";
import { within, type World } from "../world/world.ts";
import type { ProcessOptions } from "./process-options.ts";
import { ProcessClock, ProcessTimers } from "./process-timers.ts";
import { TraceLogger, type SimulatedLog } from "./trace-logger.ts";

/** What a process needs of the simulation around it. */
export interface ProcessSurroundings {
  readonly world: World;
  readonly switchboard: Switchboard;
  readonly disk: SimulatedDisk;
  readonly startWallMs: number;
  readonly log: SimulatedLog | undefined;
  /** A crash step is reached; throws if the process dies of it. */
  readonly reach: (process: SimulatedProcess, step: string) => void;
  readonly fail: (error: unknown) => void;
}

/** Counts of what a process has open. */
export interface HeldResources {
  readonly files: number;
  readonly timers: number;
  readonly connections: number;
  readonly listeners: number;
}

/**
 * A program with a platform of its own.
 *
 *   running --kill--> dead (page cache stays) --restart--> running, with a new platform
 *      |  ^ --powerLoss--> dead (unsynced writes lost)
 *    pause resume
 */
export class SimulatedProcess {
  readonly name: string;
  readonly host: string;
  readonly #options: ProcessOptions;
  readonly #surroundings: ProcessSurroundings;
  #life: Incarnation;
  #clock: ProcessClock;
  #platform: Platform;
  #startCount = 0;
  #hasLostPower = false;

  constructor(name: string, options: ProcessOptions, surroundings: ProcessSurroundings) {
    this.name = name;
    this.host = options.host ?? "localhost";
    this.#options = options;
    this.#surroundings = surroundings;
    const { world } = surroundings;
    this.#clock = new ProcessClock(world, surroundings.startWallMs);
    this.#clock.wallOffsetMs = options.wallOffsetMs ?? 0;
    [this.#life, this.#platform] = this.#begin();
  }

  /** The present one; the last one while it is dead. */
  get life(): Incarnation {
    return this.#life;
  }

  /** Of the present life; of the last one while it is dead. */
  get platform(): Platform {
    return this.#platform;
  }

  get isAlive(): boolean {
    return !this.#life.isDead;
  }

  get isPaused(): boolean {
    return this.#life.isPaused;
  }

  get startCount(): number {
    return this.#startCount;
  }

  get disk(): SimulatedDisk {
    return this.#surroundings.disk;
  }

  /** As with SIGKILL: nothing of it runs on, its sockets are closed, its locks are free; the page cache stays. */
  kill(): void {
    this.#die("kill");
  }

  /** Dies, and all that is not synced on its disk may be lost. Other processes on the disk must be dead. */
  losePower(): void {
    this.#die("powerLoss");
  }

  restart(): Platform {
    invariant(this.#life.isDead, "SIMULATOR-4", `${this.name} is alive`);
    if (this.#hasLostPower) this.#surroundings.switchboard.revived(this.name);
    this.#hasLostPower = false;
    [this.#life, this.#platform] = this.#begin();
    return this.#platform;
  }

  /** Nothing of it runs until `resume`, while time and the world go on (SIGSTOP, a long collection). */
  pause(): void {
    this.#surroundings.world.record("pause", this.name);
    this.#life.isPaused = true;
  }

  resume(): void {
    const life = this.#life;
    if (!life.isPaused) return;
    const { world } = this.#surroundings;
    world.record("resume", this.name);
    life.isPaused = false;
    // One event each, in the order in which they came up.
    const parked = life.parked.splice(0);
    parked.forEach((action, index) =>
      world.queue.add(world.nowMs, life, action, index - parked.length),
    );
  }

  jumpClock(byMs: number): void {
    this.#surroundings.world.record("clockJump", this.name, String(byMs));
    this.#clock.wallOffsetMs += byMs;
  }

  isImmuneTo(kind: string): boolean {
    return this.#life.isImmuneTo(kind);
  }

  /** What it has open now: nothing once it has ended as it should. */
  held(): HeldResources {
    const life = this.#life;
    const { connections, listeners } = this.#surroundings.switchboard;
    return {
      files: life.openFileCount,
      timers: life.timerCount,
      connections: [...connections].filter(({ owner }) => owner === life).length,
      listeners: [...listeners.values()].filter(({ owner }) => owner === life).length,
    };
  }

  #die(cause: "kill" | "powerLoss"): void {
    const life = this.#life;
    if (life.isDead) return;
    const { world, switchboard } = this.#surroundings;
    world.record(cause, this.name);
    life.isDead = true;
    life.diedMs = world.nowMs;
    life.parked.length = 0;
    this.#hasLostPower = cause === "powerLoss";
    if (this.#hasLostPower) switchboard.vanished(life);
    else switchboard.killed(life, undefined);
    if (this.#options.start === undefined) return;
    world.schedule(within(world.times.restartMs, world.planRandom), "world", () => {
      if (this.#life === life) this.restart();
    });
  }

  #begin(): [Incarnation, Platform] {
    const { world, switchboard, disk, log, reach } = this.#surroundings;
    this.#startCount++;
    world.record("start", this.name, String(this.#startCount));
    const immune = new Set<string>(this.#options.immuneTo);
    const life = new Incarnation(this.name, this.host, (kind) => immune.has(kind));
    const timers = new ProcessTimers(world, life);
    const platform: Platform = {
      clock: this.#clock,
      timers,
      random: new SeededRandom(world.processRandom.nextUint32()),
      fileSystem: new ProcessFileSystem(world, life, disk),
      network: new ProcessNetwork(world, {
        switchboard,
        owner: life,
        tls: new StandInTls(timers, this.#clock),
      }),
      logger: new TraceLogger(world, life, log),
      metrics: new MetricRegistry(),
      probe: (step) => {
        life.checkAlive();
        reach(this, step);
      },
    };
    const { start } = this.#options;
    if (start !== undefined) world.schedule(0, life, () => void this.#run(start, life, platform));
    return [life, platform];
  }

  async #run(
    start: NonNullable<ProcessOptions["start"]>,
    life: Incarnation,
    platform: Platform,
  ): Promise<void> {
    try {
      await start(platform);
    } catch (error) {
      this.failed(life, error);
    }
  }

  /** What a program does not catch ends its process. */
  failed(life: Incarnation, error: unknown): void {
    // What the dead still throw on their way out concerns nobody.
    if (life.isDead) return;
    this.#surroundings.world.record("failed", this.name, String(error));
    if (this.#options.onFailure === "restart") this.kill();
    else this.#surroundings.fail(error);
  }
}
