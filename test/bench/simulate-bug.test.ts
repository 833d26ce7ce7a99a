import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { expect, test } from "vitest";

import { isVerify } from "../interop/apache-kafka.ts";

/** Of the processor: others may keep it busy. */
const secondsMax = 10;

test.skipIf(!isVerify)(
  `a user's bug is found by simulate, and shortened, in less than ${secondsMax} s of the processor`,
  { timeout: 300_000 },
  async () => {
    const program = join(import.meta.dirname, "simulate-bug.ts");
    const { stdout } = await promisify(execFile)(process.execPath, [program]);
    console.log(stdout.trimEnd().split("\n").at(-1));
    const [, seconds] = /runs: ([\d.]+) s of the processor/.exec(stdout) ?? [];
    expect(Number(seconds)).toBeLessThan(secondsMax);
  },
);
