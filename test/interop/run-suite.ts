import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** What a program of somebody else's said, and how it ended. */
export interface SuiteResult {
  readonly exitCode: number;
  readonly output: string;
}

export interface SuiteOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** A folder that outlives the test: what is installed there is installed once. */
export function cacheFolder(name: string): string {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folder = join(cache, "millrace", name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Runs a program to its end, without stopping this process, in which the broker may run. */
export function runSuite(
  command: string,
  parameters: readonly string[],
  options: SuiteOptions,
): Promise<SuiteResult> {
  return new Promise((resolve) => {
    const child = spawn(command, parameters, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      timeout: options.timeoutMs,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", (error) => resolve({ exitCode: -1, output: error.message }));
    child.on("close", (code) =>
      resolve({ exitCode: code ?? -1, output: Buffer.concat(chunks).toString() }),
    );
  });
}

/** The same, where anything but success is a failure of the test's own preparation. */
export async function prepare(
  command: string,
  parameters: readonly string[],
  options: SuiteOptions,
): Promise<string> {
  const { exitCode, output } = await runSuite(command, parameters, options);
  if (exitCode !== 0) throw new Error(`${command} ${parameters.join(" ")}: ${output.slice(-2000)}`);
  return output;
}
