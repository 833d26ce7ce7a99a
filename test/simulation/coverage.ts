import { crashStepNames } from "./crash-steps.ts";
import { programNames } from "./programs/all-programs.ts";
import type { SeedResult } from "./run-seed.ts";

/** Every fault that the simulator can inject. */
const faultKinds = [
  "delay",
  "cut",
  "halfOpen",
  "refuse",
  "diskFull",
  "fsyncError",
  "slowFsync",
  "latentError",
  "crashAtStep",
  "kill",
  "powerLoss",
  "pause",
  "clockJump",
  "partition",
] as const;

/** What many seeds together have hit: a fault or a step that is never hit proves nothing. */
export class Coverage {
  readonly faults = new Map<string, number>();
  /** What the application did. */
  readonly programs = new Map<string, number>();
  /** Steps in which a process died. */
  readonly deaths = new Map<string, number>();
  seeds = 0;
  events = 0;
  records = 0;
  virtualMs = 0;
  closesInCommit = 0;

  add(result: SeedResult): void {
    this.seeds += 1;
    this.events += result.events;
    this.records += result.records;
    this.virtualMs += result.virtualMs;
    this.closesInCommit += result.closesInCommit;
    addAll(this.programs, new Map([[result.options.program, 1]]));
    addAll(this.faults, result.faults);
    addAll(this.deaths, result.deaths);
  }

  /** Programs, faults, crash steps and closes in a commit that no seed has hit. */
  missing(): readonly string[] {
    return [
      ...programNames.filter((name) => !this.programs.has(name)),
      ...faultKinds.filter((kind) => !this.faults.has(kind)),
      ...crashStepNames.filter((step) => !this.deaths.has(step)),
      ...(this.closesInCommit === 0 ? ["close in a commit"] : []),
    ];
  }

  text(): string {
    const line = (counts: ReadonlyMap<string, number>, names: readonly string[]): string =>
      names.map((name) => `${name} ${counts.get(name) ?? 0}`).join(", ");
    return [
      `programs: ${line(this.programs, programNames)}`,
      `faults: ${line(this.faults, faultKinds)}`,
      `deaths at crash steps: ${line(this.deaths, crashStepNames)}`,
      `closes in a commit: ${this.closesInCommit}; records ${this.records}, events ${this.events}, ` +
        `virtual time ${(this.virtualMs / 1_000).toFixed(0)} s`,
    ].join("\n");
  }
}

function addAll(sums: Map<string, number>, counts: ReadonlyMap<string, number>): void {
  for (const [name, count] of counts) sums.set(name, (sums.get(name) ?? 0) + count);
}
