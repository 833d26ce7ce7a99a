export type { Command, Terminal } from "./command.ts";
export { runCommand } from "./run-command.ts";
export { runProcess } from "./run-process.ts";
export { UsageError } from "./usage-error.ts";
