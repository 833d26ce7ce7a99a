import { spawn, type ChildProcess } from "node:child_process";

const running = new Set<ChildProcess>();

/** Ends what still runs when this process does. */
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A process that goes on until it is ended. One of ours has what `docs/guides/production.md` recommends in its environment. */
export function startProcess(file: string, parameters: readonly string[]): ChildProcess {
  const own = file === process.execPath ? { MALLOC_ARENA_MAX: "2" } : {};
  const child = spawn(file, parameters, {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...own },
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

/** Resolves with the first line of standard output that fits, and goes on draining it. */
export function lineOf(child: ChildProcess, fits: (line: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      const line = text.split("\n").slice(0, -1).find(fits);
      if (line !== undefined) resolve(line);
    });
    child.once("error", reject);
    child.once("exit", (code) =>
      reject(new Error(`${child.spawnargs.join(" ")} ended with code ${code}\n${text}`)),
    );
  });
}

/** Runs a program to its end, and gives the JSON that it prints. */
export async function jsonOf<Line>(file: string, parameters: readonly string[]): Promise<Line> {
  const child = startProcess(file, parameters);
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const line = await lineOf(child, (candidate) => candidate.startsWith("{"));
  await ended;
  return JSON.parse(line) as Line;
}

/** Asks a process to end, and waits until it has. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}
