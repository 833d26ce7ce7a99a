import type { Platform } from "@millrace/platform";
import { describe, expect, it } from "vitest";
import {
  copyOf,
  drawsOf,
  filesBelow,
  growWorld,
  lookAt,
  openWorld,
} from "../../test-support/damaged-world.ts";
import { batchOf } from "../../test-support/batches.ts";
import { changeFile, flipByte, readFile, testPlatform } from "../../test-support/open-test-log.ts";
import { LogCorruptedError } from "../log-error.ts";
import { checkLogs } from "./check-logs.ts";
import { repairLogs } from "./repair-logs.ts";

const first = Number(process.env["LOG_SEED"] ?? 1);
const count = Number(process.env["LOG_SEEDS"] ?? 80);

/** What looks at a folder lets others have a turn now and then. */
const timers = { yield: () => Promise.resolve() };
const check = (platform: Platform, path = "data") =>
  checkLogs({ platform: { ...platform, timers }, path });
const repair = (platform: Platform) =>
  repairLogs({ platform: { ...platform, timers }, path: "data" });

const bytesOf = (platform: Platform) =>
  new Map(
    filesBelow(platform.fileSystem, "data").map((path) => [path, `${readFile(platform, path)}`]),
  );

async function sightOf(platform: Platform) {
  const { directory, log } = await openWorld(platform, 9);
  const sight = lookAt(log);
  if (sight instanceof LogCorruptedError) throw sight;
  return { directory, log, sight };
}

const offsetOf = (batch: string) => Number(batch.split(" ")[0]);

describe("checkLogs", () => {
  it("finds nothing in what a broker left, stopped or killed, and changes nothing", async () => {
    for (let seed = first; seed < first + count; seed++) {
      const draw = drawsOf(seed);
      const platform = testPlatform(await growWorld(draw, draw(2) === 0));
      const before = bytesOf(platform);
      const { findings, partitionCount } = await check(platform);
      expect({ seed, partitionCount, findings }).toEqual({ seed, partitionCount: 1, findings: [] });
      expect(bytesOf(platform)).toEqual(before);
    }
  });

  it("names file, byte and offsets of what is damaged, and what would be made anew", async () => {
    const platform = testPlatform(await growWorld(drawsOf(3), true));
    const logs = filesBelow(platform.fileSystem, "data").filter((path) => path.endsWith(".log"));
    const [, second] = logs;
    const baseOffset = Number(/(\d+)\.log$/.exec(second)?.[1]);
    flipByte(platform, second, 70);
    platform.fileSystem.remove(second.replace(".log", ".index"));
    for (const suffix of ["", ".copy"])
      platform.fileSystem.remove(`data/recovery-point-offset-checkpoint${suffix}`);
    const { findings } = await check(platform, "data/orders-0");
    expect(findings).toEqual([
      expect.objectContaining({
        kind: "damage",
        path: second,
        position: 0,
        firstOffset: baseOffset,
        reason: "the checksum does not match",
      }),
      expect.objectContaining({ kind: "cache", path: second.replace(".log", ".index") }),
    ]);
  });

  it("refuses while a broker has the folder, and what is no data folder", async () => {
    const platform = testPlatform(await growWorld(drawsOf(3), true));
    const { directory } = await openWorld(platform, 9);
    for (const path of ["data", "data/orders-0"])
      await expect(check(platform, path)).rejects.toMatchObject({ code: "IN_USE" });
    await directory.close();
    platform.fileSystem.makeDirectory("elsewhere");
    for (const path of ["elsewhere", "nowhere"])
      await expect(check(platform, path)).rejects.toMatchObject({ code: "FOREIGN_FOLDER" });
  });
});

describe("repairLogs", () => {
  it(`serves all but what is told as lost, goes on, and keeps the damaged file, seeds ${first} to ${first + count - 1} (LOG_SEED)`, async () => {
    for (let seed = first; seed < first + count; seed++)
      try {
        await trial(seed);
      } catch (error) {
        throw new Error(`seed ${seed} (LOG_SEED=${seed} LOG_SEEDS=1)`, { cause: error });
      }
  });

  async function trial(seed: number): Promise<void> {
    const draw = drawsOf(seed);
    const files = await growWorld(draw, draw(2) === 0);
    const expected = (await sightOf(testPlatform(copyOf(files, "data")))).sight;
    const platform = testPlatform(files);
    const logs = filesBelow(files, "data").filter((path) => path.endsWith(".log"));
    const path = logs[draw(logs.length)];
    const before = readFile(platform, path);
    if (before.length === 0) return;
    const how = (["flip", "cut", "remove"] as const)[draw(3)];
    if (how === "remove") files.remove(path);
    else
      changeFile(platform, path, (bytes) => {
        const position = draw(bytes.length);
        if (how === "cut") return bytes.subarray(0, position);
        bytes[position] ^= 1 << draw(8);
        return bytes;
      });
    const damaged = how === "remove" ? undefined : readFile(platform, path);
    const { lost, keptPath, left } = await repair(platform);
    expect(left).toEqual([]);
    expect(lost.length).toBeGreaterThan(0);
    const kept = `${keptPath}/orders-0/${path.split("/").at(-1)}`;
    if (damaged !== undefined) expect(readFile(platform, kept)).toEqual(damaged);
    const again = await check(platform);
    expect(again.findings.filter(({ kind }) => kind !== "cache")).toEqual([]);

    const { log, sight, directory } = await sightOf(platform);
    const isLost = (batch: string) =>
      lost.some(
        ({ firstOffset, lastOffset }) =>
          offsetOf(batch) + batch.split(",").length > firstOffset && offsetOf(batch) <= lastOffset,
      );
    const withRecords = sight.batches.filter((batch) => !batch.endsWith(": "));
    expect(withRecords).toEqual(expected.batches.filter((batch) => !isLost(batch)));
    expect(log.append(batchOf(), { origin: "client" }).baseOffset).toBe(expected.end);
    await directory.close();
    const next = await sightOf(platform);
    expect(next.sight.batches.slice(0, sight.batches.length)).toEqual(sight.batches);
  }

  it.each<[string, (platform: Platform, path: string) => void, number]>([
    ["damaged", (platform, path) => changeFile(platform, path, (bytes) => bytes.slice(0, 5)), 2],
    ["missing", (platform, path) => platform.fileSystem.remove(path), 1],
  ])(
    "lets logs begin with what is there where both log starts are %s",
    async (_how, hurt, count) => {
      const platform = testPlatform(await growWorld(drawsOf(5), true));
      const before = (await sightOf(testPlatform(copyOf(platform.fileSystem, "data")))).sight;
      for (const name of ["log-start-offset-checkpoint", "log-start-offset-checkpoint.copy"])
        hurt(platform, `data/${name}`);
      const { findings } = await check(platform);
      expect(findings.map(({ kind }) => kind)).toEqual(
        Array.from({ length: count }, () => "damage"),
      );
      expect((await repair(platform)).left).toEqual([]);
      const { sight } = await sightOf(platform);
      expect(sight.batches.slice(-before.batches.length)).toEqual(before.batches);
    },
  );

  it("leaves the metadata log and files that say what a folder is to people", async () => {
    const platform = testPlatform(await growWorld(drawsOf(3), true));
    flipByte(platform, "data/meta.properties", 40);
    changeFile(platform, "data/orders-0/partition.metadata", (bytes) => bytes.subarray(0, 20));
    const before = bytesOf(platform);
    const { left, done } = await repair(platform);
    expect(left.map(({ path }) => path)).toEqual([
      "data/meta.properties",
      "data/orders-0/partition.metadata",
    ]);
    expect(done).toEqual([]);
    expect(bytesOf(platform)).toEqual(before);
  });
});
