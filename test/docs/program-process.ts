// The process in which a ProgramRunner has programs run, one after the other. Each ends when nothing keeps the process
// alive any more, as it would alone.
import { Readable } from "node:stream";
import { pathToFileURL } from "node:url";

import type { Program, ToldProgram } from "./program-runner.ts";

/** Of a process whose program waits at its top level for what never comes. */
const unsettledCode = 13;

interface Output {
  stdout: string;
  stderr: string;
}

let output: Output = { stdout: "", stderr: "" };
let isLoaded = true;
let isRunning = false;
/** How often each file has run. */
const runs = new Map<string, number>();

for (const name of ["stdout", "stderr"] as const)
  process[name].write = (chunk: string | Uint8Array, ...others: readonly unknown[]): boolean => {
    output[name] += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    const onWritten = others.find((one) => typeof one === "function");
    if (onWritten !== undefined) setImmediate(onWritten as () => void);
    return true;
  };

process.on("message", ({ cwd, file, parameters = [], input = "" }: Program) => {
  output = { stdout: "", stderr: "" };
  isLoaded = false;
  isRunning = true;
  process.exitCode = undefined;
  process.chdir(cwd);
  process.argv = [process.execPath, file, ...parameters];
  const stdin = Readable.from([Buffer.from(input)]);
  Object.defineProperty(process, "stdin", { value: stdin, configurable: true });
  process.channel?.unref();
  import(urlOf(file)).then(() => {
    isLoaded = true;
  }, fail);
});

process.on("uncaughtException", fail);

process.on("beforeExit", () => {
  if (!isRunning) return;
  if (isLoaded) end(Number(process.exitCode ?? 0), { goesOn: true });
  else end(unsettledCode, { goesOn: false });
});

/** A file that runs again is another module; what it imports is loaded. */
function urlOf(file: string): string {
  const count = runs.get(file) ?? 0;
  runs.set(file, count + 1);
  const { href } = pathToFileURL(file);
  return count === 0 ? href : `${href}?run=${count}`;
}

function fail(error: unknown): void {
  output.stderr += `${error instanceof Error ? error.stack : String(error)}\n`;
  if (isRunning) end(1, { goesOn: false });
}

/** What a program that has thrown left behind would be in the way of the next one: there is none here. */
function end(code: number, { goesOn }: { readonly goesOn: boolean }): void {
  isRunning = false;
  process.exitCode = undefined;
  for (const signal of ["SIGINT", "SIGTERM"]) process.removeAllListeners(signal);
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners("error");
  const told: ToldProgram = { ended: { code, ...output }, goesOn };
  process.channel?.ref();
  process.send?.(told, () => {
    if (!goesOn) process.disconnect();
  });
}
