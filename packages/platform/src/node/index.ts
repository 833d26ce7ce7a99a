export { networkError } from "./network-errors.ts";
export { importModule, placeOfMistake } from "./import-module.ts";
export { startWorkerThread, type Worker } from "./start-worker-thread.ts";
export { drainTurn } from "./node-timers.ts";
export { nodePlatform, type NodePlatformOptions } from "./node-platform.ts";
export { NodeVersionError } from "./node-version.ts";
export { endThread } from "./runtime.ts";
