import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

import { ProgramRunner } from "../docs/program-runner.ts";
import { isVerify } from "../interop/apache-kafka.ts";
import { repository } from "../tidy/source-files.ts";

const runner = new ProgramRunner();

/** The lines that an example prints: under verify in a process of its own, as a user runs it. */
export async function runExample(
  name: string,
  file = "main.ts",
  timeoutMs = 50_000,
): Promise<readonly string[]> {
  const program = join(repository, "examples", name, "src", file);
  if (!isVerify) {
    const { code, stdout, stderr } = await runner.run(
      { file: program, cwd: repository },
      timeoutMs,
    );
    if (code !== 0) throw new Error(`${program} ended with ${code}: ${stderr}`);
    return stdout.trimEnd().split("\n");
  }
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: timeoutMs });
  return stdout.trimEnd().split("\n");
}
