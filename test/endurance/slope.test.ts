import { describe, expect, test } from "vitest";

import { seededRandom } from "../crash/seeded-random.ts";
import { isGrowth, slopeOf, type Point } from "./slope.ts";

const mebibyte = 2 ** 20;
const hourMs = 3_600_000;

/** An hour of samples around 100 MiB: noise, a saw as of a heap, what warms up, and what grows. */
function samples(growthPerHour: number, seed = 1): readonly Point[] {
  const random = seededRandom(seed);
  return Array.from({ length: 720 }, (_, index) => {
    const atMs = (index * hourMs) / 720;
    const warmUp = 30 * mebibyte * Math.min(1, atMs / (0.2 * hourMs));
    const saw = (index % 37) * 0.1 * mebibyte;
    const noise = (random() - 0.5) * 4 * mebibyte;
    const value = 100 * mebibyte + warmUp + saw + noise + (growthPerHour * atMs) / hourMs;
    return { atMs, value };
  });
}

describe("the slope of a process's memory", () => {
  test("is that of its growth, within its standard error", () => {
    const { perHour, standardError } = slopeOf(samples(20 * mebibyte));
    expect(Math.abs(perHour - 20 * mebibyte)).toBeLessThan(3 * standardError);
    expect(standardError).toBeLessThan(2 * mebibyte);
  });

  test.each([1, 2, 3, 4, 5])("is no growth where there is noise alone, seed %i", (seed) => {
    expect(isGrowth(slopeOf(samples(0, seed)), mebibyte)).toBe(false);
  });

  test.each([1, 2, 3, 4, 5])("is growth where something leaks, seed %i", (seed) => {
    expect(isGrowth(slopeOf(samples(12 * mebibyte, seed)), 4 * mebibyte)).toBe(true);
  });

  test("needs samples", () => {
    expect(() => slopeOf(samples(0).slice(0, 2))).toThrow("too few");
  });
});
