import { BaseError } from "@millrace/model";
import type { MemoryFileSystem } from "@millrace/platform/memory";
import { describe, expect, it } from "vitest";
import { batchOf } from "../test-support/batches.ts";
import {
  copyOf,
  drawsOf,
  filesBelow,
  growWorld,
  lookAt,
  lookClosely,
  openWorld,
  type DamagedSight,
  type Draw,
  type Sight,
} from "../test-support/damaged-world.ts";
import { changeFile, readFile, testPlatform } from "../test-support/open-test-log.ts";
import { LogCorruptedError } from "./log-error.ts";

const hurts = ["flip", "cut", "remove", "exchange"] as const;
type Outcome = "sound" | "damage" | "refused";

/** What is made anew where it is not what it was. */
const caches =
  /\.(index|timeindex|txnindex|snapshot|checksum)$|-checkpoint$|\.copy$|cleanshutdown$/;
/** Files that another log has too, each sound by itself. */
const exchanged = /\.(log|index|timeindex|txnindex|snapshot|checksum)$/;

interface Trial {
  readonly draw: Draw;
  readonly files: MemoryFileSystem;
  readonly expected: Sight;
  readonly what: string;
  /** One cache alone: all can be made anew. */
  readonly isCache: boolean;
}

/** Damages one file or two, then opens the folder three times and looks at all twice each time. */
async function trial(seed: number): Promise<Outcome> {
  const draw = drawsOf(seed);
  const isClean = draw(2) === 0;
  const files = await growWorld(draw, isClean);
  const untouched = await openWorld(testPlatform(copyOf(files, "data")), 9);
  const expected = lookAt(untouched.log);
  if (expected instanceof LogCorruptedError) throw expected;
  const count = 1 + draw(2);
  const done = await hurtFiles(draw, files, count);
  const what = `${isClean ? "stopped" : "killed"}, ${done.map(({ how }) => how).join(" and ")}`;
  const isCache = done.every(({ path }) => count === 1 && caches.test(path));
  return openThrice({ draw, files, expected, what, isCache });
}

async function hurtFiles(draw: Draw, files: MemoryFileSystem, count: number) {
  const platform = testPlatform(files);
  const other = testPlatform(await growWorld(drawsOf(draw(1000)), draw(2) === 0, 1));
  const done: { readonly path: string; readonly how: string }[] = [];
  while (done.length < count) {
    const paths = filesBelow(files, "data").filter((path) => done.every((it) => it.path !== path));
    const path = paths[draw(paths.length)];
    const hurt = hurts[draw(hurts.length)];
    if (path.endsWith(".checksum") && done.some(({ how }) => how.startsWith("exchange"))) continue;
    if (hurt === "exchange") {
      if (!exchanged.test(path) || !isVouchedFor(files, path, done)) continue;
      const suffix = path.slice(path.lastIndexOf("."));
      const likes = filesBelow(other.fileSystem, "data").filter((like) => like.endsWith(suffix));
      if (likes.length === 0) continue;
      const like = likes[draw(likes.length)];
      changeFile(platform, path, () => readFile(other, like));
      done.push({ path, how: `exchange ${path} for ${like}` });
    } else if (hurt === "remove" || files.stat(path)?.sizeBytes !== 0)
      done.push({ path, how: `${hurt} ${hurtFile(draw, platform, path, hurt)} of ${path}` });
  }
  return done;
}

/** What was exchanged is seen by the record of its segment, and by that alone: both lost are more than can be proven. */
function isVouchedFor(
  files: MemoryFileSystem,
  path: string,
  others: readonly { readonly path: string; readonly how: string }[],
): boolean {
  const record = path.replace(/\.\w+$/, ".checksum");
  return (
    files.stat(record) !== undefined && others.every((other) => !other.path.endsWith(".checksum"))
  );
}

function hurtFile(
  draw: Draw,
  platform: ReturnType<typeof testPlatform>,
  file: string,
  hurt: "flip" | "cut" | "remove",
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

/** A stop or a kill lies between, and a record more is written where that is allowed. */
async function openThrice({ draw, files, expected, what, isCache }: Trial): Promise<Outcome> {
  let disk = files;
  let wanted = expected;
  let outcome: Outcome | undefined;
  for (let start = 1; start <= 3; start++) {
    const at = `start ${start}: ${what}`;
    const told: string[] = [];
    const logger = {
      log: (_level: string, event: string) => told.push(event),
      isEnabled: () => true,
    };
    let opened: Awaited<ReturnType<typeof openWorld>>;
    try {
      opened = await openWorld({ ...testPlatform(disk), logger }, 8 + start);
    } catch (error) {
      if (!(error instanceof BaseError) || error.name === "InvariantError")
        throw new Error(at, { cause: error });
      expect(outcome ?? "refused", at).toBe("refused");
      outcome = "refused";
      continue;
    }
    const { directory, log } = opened;
    const first = lookClosely(log);
    const found = "error" in first ? "damage" : "sound";
    if (isCache) expect(found, at).toBe("sound");
    // What was sound stays so, and what is damaged is so at each start.
    expect(found, at).toBe(outcome ?? found);
    outcome = found;
    if (told.includes("log.producers-unknown"))
      wanted = { ...wanted, producers: "producers" in first ? first.producers : "" };
    for (const sight of [first, lookClosely(log)]) compare(sight, wanted, at);
    if (found === "sound" && draw(2) === 0) {
      log.append(batchOf({ values: [`more ${start}`] }), { origin: "client" });
      await log.sync();
      log.advanceHighWatermark(log.logEndOffset);
      const more = lookAt(log);
      if (more instanceof LogCorruptedError) throw more;
      wanted = more;
    }
    if (draw(2) === 0) await directory.close();
    disk = copyOf(disk, "data");
  }
  return outcome ?? "refused";
}

function compare(found: Sight | DamagedSight, wanted: Sight, what: string): void {
  if ("error" in found)
    expect(found.batches, what).toEqual(wanted.batches.slice(0, found.batches.length));
  else expect(found, what).toEqual(wanted);
}

describe("damaged files", () => {
  const first = Number(process.env["LOG_SEED"] ?? 1);
  const isVerify = process.env["MILLRACE_VERIFY"] === "1";
  const count = Number(process.env["LOG_SEEDS"] ?? (isVerify ? 600 : 75));
  it(
    `never show other records in silence, seeds ${first} to ${first + count - 1} (LOG_SEED)`,
    { timeout: 240_000 },
    async () => {
      const outcomes = new Set<Outcome>();
      for (let seed = first; seed < first + count; seed++) {
        try {
          outcomes.add(await trial(seed));
        } catch (error) {
          throw new Error(`seed ${seed} (LOG_SEED=${seed} LOG_SEEDS=1)`, { cause: error });
        }
      }
      if (count > 50) expect([...outcomes].sort()).toEqual(["damage", "refused", "sound"]);
    },
  );
});
