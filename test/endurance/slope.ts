/** Means of so many blocks are what a line is laid through: single values of neighbouring moments are hardly apart. */
const blockCount = 12;
/** What a process needs to warm up is no growth: this part of a run is left out. */
const warmUpShare = 0.25;
const errorsMax = 2;

export interface Point {
  readonly atMs: number;
  readonly value: number;
}

export interface Slope {
  readonly perHour: number;
  readonly standardError: number;
  /** What it is laid through. */
  readonly means: readonly number[];
}

/** The straight line of least squares through the means of blocks of equal time. */
export function slopeOf(points: readonly Point[]): Slope {
  const [first, last] = [points[0].atMs, points[points.length - 1].atMs];
  const fromMs = first + (last - first) * warmUpShare;
  const blockMs = (last - fromMs) / blockCount;
  const blocks = Map.groupBy(
    points.filter(({ atMs }) => atMs >= fromMs),
    ({ atMs }) => Math.min(blockCount - 1, Math.floor((atMs - fromMs) / blockMs)),
  );
  const means = [...blocks.values()].map((block) => ({
    hours: meanOf(block.map(({ atMs }) => atMs)) / 3_600_000,
    value: meanOf(block.map(({ value }) => value)),
  }));
  if (means.length < 3) throw new Error(`${points.length} samples are too few for a slope`);
  const hours = meanOf(means.map((one) => one.hours));
  const value = meanOf(means.map((one) => one.value));
  const spread = sumOf(means.map((one) => (one.hours - hours) ** 2));
  const perHour = sumOf(means.map((one) => (one.hours - hours) * (one.value - value))) / spread;
  const residuals = means.map((one) => one.value - value - perHour * (one.hours - hours));
  const variance = sumOf(residuals.map((residual) => residual ** 2)) / (means.length - 2);
  const standardError = Math.sqrt(variance / spread);
  return { perHour, standardError, means: means.map((one) => one.value) };
}

/** True: it grows by more than the bound, and that is no accident of the samples. */
export function isGrowth({ perHour, standardError }: Slope, perHourMax: number): boolean {
  return perHour - errorsMax * standardError > perHourMax;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function meanOf(values: readonly number[]): number {
  return sumOf(values) / values.length;
}
