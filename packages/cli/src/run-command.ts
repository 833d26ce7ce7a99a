import { BaseError, nearestName, messageOf } from "@millrace/model";

import type { Command } from "./command.ts";
import { loadCommands } from "./load-commands.ts";
import { readFlags } from "./flags/read-flags.ts";
import type { Terminal } from "./terminal/terminal.ts";
import { UsageError } from "./usage-error.ts";
import { commandList, usageOf } from "./usage.ts";
import { version } from "./version.ts";

/** Exit codes: 0 done, or ended when it was asked to; 1 failed; 2 not understood. */
export async function runCommand(
  parameters: readonly string[],
  terminal: Terminal,
  complain: (line: string) => void,
): Promise<number> {
  const isHelp = parameters.some((word) => word === "--help" || word === "-h");
  const words = parameters.filter((word) => word !== "--help" && word !== "-h");
  if (words[0] === "--version" || words[0] === "version") {
    terminal.print(`millrace ${version()}`);
    return 0;
  }
  const asked = words[0] === "help" ? words.slice(1) : words;
  const commands = await loadCommands(asked[0]);
  if (asked.length === 0) return print(terminal, commandList(commands));
  const found = findCommand(commands, asked);
  const wantsHelp = isHelp || words[0] === "help";
  const family = commands.filter(({ path }) => path.startsWith(`${asked[0]} `));
  if (wantsHelp && family.length > 0 && (asked.length === 1 || found === undefined))
    return print(terminal, commandList(family));
  if (found === undefined) {
    complain(`millrace: ${unknownCommand(commands, asked, family)}`);
    return 2;
  }
  if (wantsHelp) return print(terminal, usageOf(found.command));
  return run(found, terminal, complain);
}

interface Found {
  readonly command: Command;
  readonly parameters: readonly string[];
}

/** Kafka's tools take for flags what are words here: `topics --list`. */
function pathOfFlag(family: string, word: string): string {
  return word.startsWith("--") ? `${family} ${word.slice(2)}` : family;
}

/** Of a family's name alone, `topics`, the first member is meant, which lists. */
function findCommand(
  commands: readonly Command[],
  [first, second, ...rest]: readonly string[],
): Found | undefined {
  const byPath = (path: string) => commands.find((candidate) => candidate.path === path);
  const pair = byPath(`${first} ${second}`);
  if (pair !== undefined) return { command: pair, parameters: rest };
  const parameters = second === undefined ? [] : [second, ...rest];
  const single = byPath(first);
  if (single !== undefined) return { command: single, parameters };
  const verb = parameters.findIndex((word) => byPath(pathOfFlag(first, word)) !== undefined);
  const named = byPath(pathOfFlag(first, parameters[verb] ?? ""));
  if (named !== undefined) return { command: named, parameters: parameters.toSpliced(verb, 1) };
  const list = byPath(`${first} list`);
  return list !== undefined && (second === undefined || second.startsWith("-"))
    ? { command: list, parameters }
    : undefined;
}

function unknownCommand(
  commands: readonly Command[],
  asked: readonly string[],
  family: readonly Command[],
): string {
  const isVerb = family.length > 0;
  const [first, ...others] = asked.slice(0, isVerb ? 2 : 1);
  const typed = [first, ...others.filter((word) => !word.startsWith("-"))].join(" ");
  const known = isVerb ? family.map(({ path }) => path) : commands.map(({ path }) => path);
  const firstWords = isVerb ? known : known.map((path) => path.split(" ")[0]);
  const nearest = nearestName(typed, firstWords);
  const hint =
    nearest === undefined
      ? `there are ${[...new Set(firstWords)].join(", ")}`
      : `did you mean ${nearest}?`;
  return `there is no command ${typed}; ${hint}`;
}

async function run(
  { command, parameters }: Found,
  terminal: Terminal,
  complain: (line: string) => void,
): Promise<number> {
  const { path } = command;
  try {
    const given = readFlags(command.flags, parameters);
    if (command.names === undefined && given.names.length > 0)
      throw new UsageError(notUnderstood(given.names[0], command));
    await command.run(given, terminal);
    return 0;
  } catch (error) {
    terminal.progress.clear();
    if (terminal.signal.aborted) {
      complain(`millrace ${path}: interrupted`);
      return 1;
    }
    if (error instanceof UsageError) {
      complain(`millrace ${path}: ${error.message} (millrace ${path} --help tells more)`);
      return 2;
    }
    complain(`millrace ${path}: ${messageOf(error)}`);
    if (isBug(error)) complain(error.stack ?? "");
    return 1;
  }
}

/** What stands without its flag, as a config without --add-config, is told with it. */
function notUnderstood(word: string, { flags }: Command): string {
  const isConfig = "add-config" in flags && word.includes("=");
  return `${JSON.stringify(word)} is not understood${isConfig ? `; give --add-config ${word}` : ""}`;
}

/** Neither one of our errors, nor one of the operating system's. */
function isBug(error: unknown): error is Error {
  return error instanceof Error && !(error instanceof BaseError) && !("code" in error);
}

function print(terminal: Terminal, lines: readonly string[]): number {
  for (const line of lines) terminal.print(line);
  return 0;
}
