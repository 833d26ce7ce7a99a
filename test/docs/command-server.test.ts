import { execFile } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, expect, test } from "vitest";

import { serveCommands } from "./command-server.ts";
import { ProgramRunner } from "./program-runner.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "millrace-commands-")));
const runner = new ProgramRunner();
afterAll(() => {
  runner.close();
  rmSync(folder, { recursive: true });
});

test("a shell sees of a command what the command prints, and its exit code", async () => {
  const file = join(folder, "command.ts");
  writeFileSync(
    file,
    `import { text } from "node:stream/consumers";
console.log(JSON.stringify([process.cwd(), process.argv.slice(2), await text(process.stdin)]));
console.error("told");
process.exitCode = 3;
`,
  );
  await using commands = await serveCommands(runner, file, 10_000);
  writeFileSync(join(folder, "command"), `#!/bin/sh\n${commands.text}\n`, { mode: 0o755 });
  const script = `printf 'a\\nb' | ./command 'two words' '' ü || echo "code $?"; ./command`;
  const ended = await new Promise((resolve) => {
    execFile("bash", ["-e", "-c", script], { cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: error?.code, lines: stdout.split("\n"), stderr }),
    );
  });
  expect(ended).toEqual({
    code: 3,
    lines: [
      JSON.stringify([folder, ["two words", "", "ü"], "a\nb"]),
      "code 3",
      JSON.stringify([folder, [], ""]),
      "",
    ],
    stderr: "told\ntold\n",
  });
});
