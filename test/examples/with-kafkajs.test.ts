import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

import { repository } from "../tidy/source-files.ts";

test("kafkajs sends orders to the bundled broker, and reads the totals that an application makes", async () => {
  const program = join(repository, "examples/with-kafkajs/src/main.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 25_000 });
  expect(stdout).toBe("ada 1500\ngrace 550\n");
});
