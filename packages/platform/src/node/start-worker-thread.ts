import { type ResourceLimits, Worker } from "node:worker_threads";

export type { Worker } from "node:worker_threads";

/** Runs a module in a thread of its own, which finds `workerData` there. */
export function startWorkerThread(
  module: URL,
  workerData: unknown,
  resourceLimits: ResourceLimits = {},
): Worker {
  // Of a program that was given as text: Node refuses it for a file.
  const execArgv = process.execArgv.filter((argument) => !argument.startsWith("--input-type"));
  return new Worker(module, { workerData, execArgv, resourceLimits });
}
