// The process in which a ProgramRunner has programs run, one after the other. Each ends when nothing keeps the process
// alive any more, as it would alone.
import { pathToFileURL } from "node:url";

import type { EndedProgram, Program } from "./program-runner.ts";

/** Of a process whose program waits at its top level for what never comes. */
const unsettledCode = 13;

interface Output {
  stdout: string;
  stderr: string;
}

let output: Output = { stdout: "", stderr: "" };
let isLoaded = true;
let isRunning = false;

for (const name of ["stdout", "stderr"] as const)
  process[name].write = (chunk: string | Uint8Array, ...others: readonly unknown[]): boolean => {
    output[name] += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    const onWritten = others.find((one) => typeof one === "function");
    if (onWritten !== undefined) setImmediate(onWritten as () => void);
    return true;
  };

process.on("message", ({ cwd, file }: Program) => {
  output = { stdout: "", stderr: "" };
  isLoaded = false;
  isRunning = true;
  process.exitCode = undefined;
  process.chdir(cwd);
  process.channel?.unref();
  import(pathToFileURL(file).href).then(() => {
    isLoaded = true;
  }, fail);
});

process.on("uncaughtException", fail);

process.on("beforeExit", () => {
  if (!isRunning) return;
  end(isLoaded ? Number(process.exitCode ?? 0) : unsettledCode);
});

function fail(error: unknown): void {
  output.stderr += `${error instanceof Error ? error.stack : String(error)}\n`;
  if (isRunning) end(1);
}

/** What a failed program left behind would be in the way of the next one: there is none here. */
function end(code: number): void {
  isRunning = false;
  process.exitCode = undefined;
  const ended: EndedProgram = { code, ...output };
  process.channel?.ref();
  process.send?.(ended, () => {
    if (code !== 0) process.disconnect();
  });
}
