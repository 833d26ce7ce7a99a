import { memoryPlatform } from "@millrace/platform/memory";
import { expect, test } from "vitest";

import { StateDirectory } from "./state-directory.ts";
import { StateUpkeep } from "./state-upkeep.ts";

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
