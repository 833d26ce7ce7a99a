import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import type { ProgramRunner } from "./program-runner.ts";

/** Runs commands that a shell hands over by `text`, in a process that has loaded the command already. */
export interface CommandServer extends AsyncDisposable {
  /** For a shell script: hands its parameters over, with what is piped into it, and ends as the command does. */
  readonly text: string;
}

/**
 * @param file of the command
 * @param timeoutMs that one may take
 */
export async function serveCommands(
  runner: ProgramRunner,
  file: string,
  timeoutMs: number,
): Promise<CommandServer> {
  const server = createServer(({ url = "" }, response) => {
    void runIn(url, { runner, file, timeoutMs }).then(() => response.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    text: textOf(port),
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Commands {
  readonly runner: ProgramRunner;
  readonly file: string;
  readonly timeoutMs: number;
}

/** What is asked of a command, and what came of it, are files of one folder. */
async function runIn(folder: string, { runner, file, timeoutMs }: Commands): Promise<void> {
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  const program = {
    file,
    cwd: read("cwd"),
    parameters: read("parameters").split("\0").slice(0, -1),
    input: existsSync(join(folder, "input")) ? read("input") : "",
  };
  const ended = await runner.run(program, timeoutMs);
  for (const name of ["stdout", "stderr", "code"] as const)
    writeFileSync(join(folder, name), String(ended[name]));
}

function textOf(port: number): string {
  return `folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
printf %s "$PWD" > "$folder/cwd"
for parameter; do printf '%s\\0' "$parameter"; done > "$folder/parameters"
if [ -p /dev/stdin ]; then cat > "$folder/input"; fi
curl --silent --show-error --fail "http://127.0.0.1:${port}$folder" || exit 1
cat "$folder/stdout"
cat "$folder/stderr" >&2
exit "$(cat "$folder/code")"`;
}
