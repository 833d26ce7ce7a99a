import type { Command } from "./command.ts";
import type { Flag } from "./flags/flag.ts";

/** What `--help` of a command prints. */
export function usageOf({ path, summary, names, flags, notes }: Command): readonly string[] {
  const rows = Object.entries(flags).map(
    ([name, flag]) => [flagText(name, flag), aboutText(flag)] as const,
  );
  const width = Math.max(0, ...rows.map(([text]) => text.length));
  return [
    `millrace ${path}${names === undefined ? "" : ` ${names}`} [flags]`,
    "",
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    "",
    ...rows.map(([text, about]) => `  ${text.padEnd(width)}  ${about}`),
    ...(notes === undefined ? [] : ["", ...notes.split("\n")]),
  ];
}

/** The list of commands, or of those that begin with a word. */
export function commandList(commands: readonly Command[]): readonly string[] {
  const width = Math.max(...commands.map(({ path }) => path.length));
  return [
    ...commands.map(({ path, summary }) => `millrace ${path.padEnd(width)}  ${summary}`),
    "",
    "millrace COMMAND --help tells the flags of a command.",
  ];
}

function flagText(name: string, { placeholder }: Flag<unknown>): string {
  return placeholder === undefined ? `--${name}` : `--${name} ${placeholder}`;
}

function aboutText({ about, aliases, isRepeatable }: Flag<unknown>): string {
  const others =
    aliases.length === 0 ? "" : `; also ${aliases.map((one) => `--${one}`).join(", ")}`;
  return `${about}${isRepeatable ? "; may be repeated" : ""}${others}`;
}
