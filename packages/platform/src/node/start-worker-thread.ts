import { type ResourceLimits, Worker } from "node:worker_threads";

export type { Worker } from "node:worker_threads";

/** Runs a module in a thread of its own, which finds `workerData` there. */
export function startWorkerThread(
  module: URL,
  workerData: unknown,
  resourceLimits: ResourceLimits = {},
): Worker {
  const options = { workerData, resourceLimits };
  // Of a program that was given as text: Node refuses it for a file.
  const isOfText = (argument: string): boolean => argument.startsWith("--input-type");
  // Those of V8 are the whole process's: a thread has them, and must not be given them.
  if (!process.execArgv.some(isOfText)) return new Worker(module, options);
  const execArgv = process.execArgv.filter((argument) => !isOfText(argument));
  try {
    return new Worker(module, { ...options, execArgv });
  } catch (error) {
    if (!isRefusedArgument(error)) throw error;
    return new Worker(module, { ...options, execArgv: [] });
  }
}

function isRefusedArgument(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_WORKER_INVALID_EXEC_ARGV";
}
