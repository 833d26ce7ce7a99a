import { BaseError } from "@millrace/model";

import type { Command, Terminal } from "./command.ts";
import { brokerCommand } from "./commands/broker.ts";
import { consumeCommand } from "./commands/consume.ts";
import { produceCommand } from "./commands/produce.ts";
import { topicsCommand } from "./commands/topics.ts";
import { UsageError } from "./usage-error.ts";

const commands: readonly Command[] = [brokerCommand, topicsCommand, produceCommand, consumeCommand];

/** Exit codes: 0 done, 1 failed, 2 not understood. */
export async function runCommand(
  [name, ...parameters]: readonly string[],
  terminal: Terminal,
  complain: (line: string) => void,
): Promise<number> {
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const isAsked = name === undefined || name === "help" || name === "--help";
    if (!isAsked) complain(`millrace ${name}: there is no such command`);
    for (const { name: known, summary } of commands) {
      terminal.print(`millrace ${known.padEnd(8)} ${summary}`);
    }
    return isAsked ? 0 : 2;
  }
  if (parameters.includes("--help")) {
    terminal.print(command.usage);
    return 0;
  }
  try {
    await command.run(parameters, terminal);
    return 0;
  } catch (error) {
    if (terminal.signal.aborted) return 0;
    complain(`millrace ${command.name}: ${error instanceof Error ? error.message : String(error)}`);
    if (isMisuse(error)) {
      complain(command.usage);
      return 2;
    }
    if (!(error instanceof BaseError) && error instanceof Error) complain(error.stack ?? "");
    return 1;
  }
}

/** Our own, or one of `parseArgs`. */
function isMisuse(error: unknown): boolean {
  if (error instanceof UsageError) return true;
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" && code.startsWith("ERR_PARSE_ARGS");
}
