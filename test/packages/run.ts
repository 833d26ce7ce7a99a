import { execFile } from "node:child_process";
import { delimiter } from "node:path";

export interface RunOptions {
  readonly cwd: string;
  /** Folders before those of `PATH`. */
  readonly path?: readonly string[];
}

/** Runs a program to its end and gives its standard output; a failure carries all that it printed. */
export function run(
  file: string,
  parameters: readonly string[],
  { cwd, path = [] }: RunOptions,
): Promise<string> {
  const searchPath = [...path, process.env["PATH"]].join(delimiter);
  const options = { cwd, env: { ...process.env, PATH: searchPath }, maxBuffer: 16 * 1024 * 1024 };
  return new Promise((resolve, reject) => {
    execFile(file, parameters, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else
        reject(new Error(`${file} ${parameters.join(" ")}\n${stdout}${stderr}`, { cause: error }));
    });
  });
}

let pnpm: Promise<string> | undefined;

/** Runs pnpm, in the version that this repository is installed with: npx, which takes longer than it, only finds it once. */
export async function runPnpm(parameters: readonly string[], options: RunOptions): Promise<string> {
  const find = ["--yes", "--package=pnpm@12.21.0", "--call=command -v pnpm"];
  pnpm ??= run("npx", find, { cwd: options.cwd });
  return run((await pnpm).trim(), parameters, options);
}
