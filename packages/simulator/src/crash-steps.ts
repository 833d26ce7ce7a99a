import type { CrashPoint } from "./simulator-options.ts";

/** Counts the crash steps that are reached, and knows where to die. */
export class CrashSteps {
  /** By step, all processes together. */
  readonly counts = new Map<string, number>();
  readonly #countsByProcess = new Map<string, number>();
  readonly #points: CrashPoint[] = [];

  add(point: CrashPoint): void {
    this.#points.push(point);
  }

  /** How often a process has reached a step. */
  countOf(process: string, step: string): number {
    return this.#countsByProcess.get(`${process}|${step}`) ?? 0;
  }

  /** Gives the crash point that is hit now, if any; each is hit once. */
  reach(process: string, step: string): CrashPoint | undefined {
    const count = (this.counts.get(step) ?? 0) + 1;
    this.counts.set(step, count);
    const key = `${process}|${step}`;
    const ownCount = (this.#countsByProcess.get(key) ?? 0) + 1;
    this.#countsByProcess.set(key, ownCount);
    const index = this.#points.findIndex(
      (point) =>
        point.step === step &&
        (point.process === undefined
          ? point.occurrence === count
          : point.process === process && point.occurrence === ownCount),
    );
    return index === -1 ? undefined : this.#points.splice(index, 1)[0];
  }
}
