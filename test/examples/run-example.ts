import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { repository } from "../tidy/source-files.ts";

/** The lines that an example prints, run as a user runs it. */
export async function runExample(
  name: string,
  file = "main.ts",
  timeoutMs = 50_000,
): Promise<readonly string[]> {
  const program = join(repository, "examples", name, "src", file);
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: timeoutMs });
  return stdout.trimEnd().split("\n");
}
