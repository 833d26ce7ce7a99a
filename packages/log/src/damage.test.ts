import { BaseError } from "@millrace/model";
import { describe, expect, it } from "vitest";
import {
  copyOf,
  drawsOf,
  filesBelow,
  growWorld,
  lookAt,
  openWorld,
  type Draw,
} from "../test-support/damaged-world.ts";
import { changeFile, testPlatform } from "../test-support/open-test-log.ts";
import { LogCorruptedError } from "./log-error.ts";

type Hurt = "flip" | "cut" | "remove";
type Outcome = "sound" | "damage" | "refused";

/** What is made anew where it is not what it was. */
const caches = [
  ".index",
  ".timeindex",
  ".txnindex",
  ".snapshot",
  ".checksum",
  "-checkpoint",
  ".copy",
  ".kafka_cleanshutdown",
];

/** Damages one file, opens the folder and looks at all: what was there, or an error that names it. */
async function trial(seed: number): Promise<{ file: string; hurt: Hurt; outcome: Outcome }> {
  const draw = drawsOf(seed);
  const isClean = draw(2) === 0;
  const files = await growWorld(draw, isClean);
  const untouched = await openWorld(testPlatform(copyOf(files, "data")), 9);
  const expected = lookAt(untouched.log);
  if (expected instanceof LogCorruptedError) throw expected;
  const paths = filesBelow(files, "data");
  const file = paths[draw(paths.length)];
  const hurt = (["flip", "cut", "remove"] as const)[draw(3)];
  const how = hurtFile(draw, testPlatform(files), file, hurt);
  const what = `${isClean ? "stopped" : "killed"}, ${hurt} ${how} of ${file}`;
  const outcome = await openDamaged(files, expected, what);
  if (caches.some((suffix) => file.endsWith(suffix))) expect(outcome, what).toBe("sound");
  return { file, hurt, outcome };
}

async function openDamaged(
  files: ReturnType<typeof copyOf>,
  expected: object,
  what: string,
): Promise<Outcome> {
  let opened: Awaited<ReturnType<typeof openWorld>>;
  try {
    opened = await openWorld(testPlatform(files), 9);
  } catch (error) {
    if (error instanceof BaseError && error.name !== "InvariantError") return "refused";
    throw new Error(what, { cause: error });
  }
  const found = lookAt(opened.log);
  if (found instanceof LogCorruptedError) {
    expect(opened.log.damage, what).toBeDefined();
    return "damage";
  }
  expect(found, what).toEqual(expected);
  return "sound";
}

function hurtFile(
  draw: Draw,
  platform: ReturnType<typeof testPlatform>,
  file: string,
  hurt: Hurt,
): string {
  if (hurt === "remove") {
    platform.fileSystem.remove(file);
    return "all";
  }
  let how = "";
  changeFile(platform, file, (bytes) => {
    if (bytes.length === 0) return bytes;
    const position = draw(bytes.length);
    how = `at ${position} of ${bytes.length}`;
    if (hurt === "cut") return bytes.subarray(0, position);
    bytes[position] ^= 1 << draw(8);
    return bytes;
  });
  return how;
}

describe("a damaged file", () => {
  const first = Number(process.env["LOG_SEED"] ?? 1);
  const isVerify = process.env["MILLRACE_VERIFY"] === "1";
  const count = Number(process.env["LOG_SEEDS"] ?? (isVerify ? 600 : 150));
  it(
    `never shows other records in silence, seeds ${first} to ${first + count - 1} (LOG_SEED)`,
    { timeout: 120_000 },
    async () => {
      const outcomes = new Set<Outcome>();
      for (let seed = first; seed < first + count; seed++) {
        try {
          outcomes.add((await trial(seed)).outcome);
        } catch (error) {
          throw new Error(`seed ${seed} (LOG_SEED=${seed} LOG_SEEDS=1)`, { cause: error });
        }
      }
      if (count > 50) expect([...outcomes].sort()).toEqual(["damage", "refused", "sound"]);
    },
  );
});
