import { nodePlatform } from "@millrace/platform/node";
import { expect, test } from "vitest";

import { withRestoreProgress } from "./restore-progress.ts";

function restoring() {
  const platform = nodePlatform();
  const done = platform.metrics.counter("restore-records-total", { application: "a" });
  const remaining = platform.metrics.counter("restore-remaining-records-total", {
    application: "a",
  });
  return { platform, done, remaining };
}

test("a terminal shows how much state is restored, and nothing of it stays", async () => {
  const { platform, done, remaining } = restoring();
  const written: string[] = [];
  const output = { isTTY: true, columns: 120, write: (text: string) => written.push(text) };
  const result = await withRestoreProgress(
    platform,
    async () => {
      remaining.add(1000);
      for (let step = 0; step < 4; step++) {
        await platform.timers.sleep(110);
        done.add(250);
        remaining.add(-250);
      }
      return "started";
    },
    output,
  );
  expect(result).toBe("started");
  expect(written.join("")).toMatch(/restoring state .* 250 of 1,000 records/);
  expect(written.at(-1)).toBe("\r\u001B[K");
});

test("a start that takes long is shown, too", async () => {
  const { platform } = restoring();
  const written: string[] = [];
  const output = { isTTY: true, write: (text: string) => written.push(text) };
  await withRestoreProgress(platform, () => platform.timers.sleep(1300), output);
  expect(written.join("")).toMatch(/starting {2}1 s/);
  expect(written.at(-1)).toBe("\r\u001B[K");
});

test("what a start throws comes through, and the line is gone", async () => {
  const { platform, remaining } = restoring();
  const written: string[] = [];
  const output = { isTTY: true, write: (text: string) => written.push(text) };
  const started = withRestoreProgress(
    platform,
    async () => {
      remaining.add(10);
      await platform.timers.sleep(150);
      throw new Error("no");
    },
    output,
  );
  await expect(started).rejects.toThrow("no");
  expect(written.at(-1)).toBe("\r\u001B[K");
});

test("elsewhere nothing is written", async () => {
  const { platform, remaining } = restoring();
  remaining.add(10);
  const written: string[] = [];
  await withRestoreProgress(platform, () => platform.timers.sleep(150), {
    write: (text: string) => written.push(text),
  });
  expect(written).toEqual([]);
});
