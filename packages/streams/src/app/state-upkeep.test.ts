import { FileSystemError, type Logger } from "@millrace/platform";
import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";

import type { TaskId } from "../processor/task-id.ts";
import { StateDirectory } from "./state-directory.ts";
import { StateUpkeep } from "./state-upkeep.ts";
import { TaskClaims } from "./task-claims.ts";

test("what runs here is noted as of what the group has confirmed, also by a process that stood still since", async () => {
  const ticks: (() => void)[] = [];
  const timers = {
    after: (_: number, tick: () => void) => {
      ticks.push(tick);
      return { cancel: () => {} };
    },
  };
  const memory = memoryPlatform();
  const platform = { ...memory, timers: { ...memory.timers, ...timers } };
  const directory = await StateDirectory.open(platform, "/state", "app");
  const threads = {
    offsetSums: [],
    hosts: [{ tasks: ["0_0"], confirmedMs: 7 }, { tasks: ["0_1"] }],
  };
  const upkeep = new StateUpkeep(platform, {
    directory,
    cleanupDelayMs: 60_000,
    claims: { isHeld: () => true },
    threads: threads as never, // as much of them as is asked for
  });
  for (const tick of ticks.splice(0)) tick();
  expect(directory.offsets.asOf("0_0")).toBe(7);
  expect(directory.offsets.asOf("0_1")).toBeUndefined();
  upkeep.released({ task: "0_0", offsetSum: 5, currentMs: undefined });
  expect(directory.offsets.asOf("0_0")).toBe(7);
  upkeep.released({ task: "0_0", offsetSum: 5, currentMs: 9 });
  expect(directory.offsets.asOf("0_0")).toBe(9);
  await upkeep.close();
  directory.close();
});

test("of outdated folders those are removed that nobody has used for so long, and those of which nobody knows", async () => {
  const removed: unknown[] = [];
  const logger: Logger = {
    isEnabled: () => true,
    log: (_, __, fields) => void removed.push(fields?.["unusedMs"]),
  };
  const platform = memoryPlatform({ logger });
  const open = () => StateDirectory.open(platform, "/state", "app");
  const directory = await open();
  for (const task of ["0_0", "0_1", "0_2", "0_3", "global"])
    platform.fileSystem.makeDirectory(`${directory.path}/${task}`);
  const upkeep = new StateUpkeep(platform, {
    directory,
    cleanupDelayMs: 120_000,
    claims: { isHeld: ({ partition }: TaskId) => partition < 2 },
    threads: { offsetSums: [], hosts: [] } as never, // as much of them as is asked for
  });
  upkeep.released({ task: "0_2", offsetSum: 5, currentMs: undefined });
  await platform.advance(60_000); // then it looks, and notes what is in use
  await upkeep.close();
  directory.close();
  const again = await open();
  const leftAfter = async (ageMsMax: number): Promise<readonly string[]> => {
    await again.removeOutdated(ageMsMax);
    return platform.fileSystem.list(again.path).filter((name) => /^0_|^global/.test(name));
  };
  await platform.advance(30_000);
  expect(await leftAfter(90_001)).toEqual(["0_0", "0_1", "0_2", "global"]);
  expect(await leftAfter(90_000)).toEqual(["0_0", "0_1", "global"]);
  expect(removed).toEqual([undefined, 90_000]); // of the first, nobody knows
  const { fileSystem } = platform;
  fileSystem.removeDirectory = (path) => {
    throw new FileSystemError("PERMISSION_DENIED", path, "not permitted");
  };
  await expect(again.removeOutdated(0)).rejects.toMatchObject({ code: "STATE_DIRECTORY_UNUSABLE" });
  again.close();
});

test("writes that take longer than it is from one look to the next do not pile up", async () => {
  const platform = memoryPlatform();
  const directory = await StateDirectory.open(platform, "/state", "app");
  const saves = [1, 2, 3].map((offset) => {
    directory.offsets.note("0_0", offset);
    return directory.offsets.save();
  });
  expect(new Set(saves).size).toBe(1);
  await saves[0];
  directory.close();
  const again = await StateDirectory.open(platform, "/state", "app");
  expect(again.offsets.sumOf("0_0")).toBe(3);
  again.close();
});

test("a task whose process is killed soon has been used here all the same", async () => {
  const platform = memoryPlatform();
  const directory = await StateDirectory.open(platform, "/state", "app");
  const claims: TaskClaims = new TaskClaims((taskId) => upkeep.claimed(taskId));
  const upkeep = new StateUpkeep(platform, {
    directory,
    cleanupDelayMs: 120_000,
    claims,
    threads: { offsetSums: [], hosts: [] } as never, // as much of them as is asked for
  });
  for (const partition of [0, 1]) {
    await claims.claim({ subtopology: 0, partition });
    platform.fileSystem.makeDirectory(`${directory.path}/0_${partition}`);
  }
  await platform.advance(10);
  directory.close();
  const again = await StateDirectory.open(platform, "/state", "app");
  await again.removeOutdated(1000);
  expect(again.tasks()).toHaveLength(2);
  again.close();
});
