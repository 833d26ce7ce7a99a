export { command, type Command } from "./command.ts";
export { runCommand } from "./run-command.ts";
export { runProcess } from "./run-process.ts";
export {
  ProgressLine,
  progressText,
  type Progress,
  type ProgressOutput,
} from "./terminal/progress-line.ts";
export type { Surroundings } from "./terminal/surroundings.ts";
export type { Terminal } from "./terminal/terminal.ts";
export { UsageError } from "./usage-error.ts";
