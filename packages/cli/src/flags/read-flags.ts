import { nearestName } from "@millrace/model";

import { UsageError } from "../usage-error.ts";
import type { Flag, FlagSet, FlagValues } from "./flag.ts";
import { namesElsewhere } from "./names-elsewhere.ts";

/** What a command line says: flags, and the words between them. */
export interface GivenParameters<Flags extends FlagSet> {
  readonly flags: FlagValues<Flags>;
  readonly names: readonly string[];
}

/**
 * Reads `--name VALUE`, `--name=VALUE`, `--name` and words, in any order; `--` ends the flags.
 *
 * @throws UsageError that names the flag, and says what is allowed
 */
export function readFlags<Flags extends FlagSet>(
  flags: Flags,
  parameters: readonly string[],
): GivenParameters<Flags> {
  const names: string[] = [];
  const given = new Map<string, NonNullable<unknown>[]>();
  for (let index = 0; index < parameters.length; index++) {
    const word = parameters[index];
    if (word === "--") {
      names.push(...parameters.slice(index + 1));
      break;
    }
    if (!/^-[^\d]/.test(word)) {
      names.push(word);
      continue;
    }
    const [name, flag] = findFlag(flags, word);
    const takesNext = flag.placeholder !== undefined && !word.includes("=");
    const text = takesNext ? parameters[index + 1] : textAfterEquals(word);
    if (takesNext) index += 1;
    const values = given.get(name) ?? [];
    given.set(name, values);
    if (values.length > 0 && !flag.isRepeatable) throw new UsageError(`--${name} is given twice`);
    values.push(valueOf(word, flag, text));
  }
  const values = Object.entries(flags).map(([name, flag]) => [
    name,
    flag.combine(given.get(name) ?? []),
  ]);
  return { names, flags: Object.fromEntries(values) as FlagValues<Flags> }; // flag by flag
}

function findFlag(flags: FlagSet, word: string): readonly [string, Flag<unknown>] {
  const typed = word.replace(/^--?/, "").replace(/=.*$/, "");
  const found = Object.entries(flags).find(
    ([name, { aliases }]) => name === typed || aliases.includes(typed),
  );
  if (found !== undefined && word.startsWith("--")) return found;
  const meant = nearestFlag(flags, typed);
  const hint = meant === undefined ? "" : `; did you mean --${meant}?`;
  throw new UsageError(`there is no ${word.replace(/=.*$/, "")}${hint}`);
}

/** By all names that a flag has, here and elsewhere. */
function nearestFlag(flags: FlagSet, typed: string): string | undefined {
  const flagOf = new Map<string, string>();
  for (const name of Object.keys(flags))
    for (const elsewhere of namesElsewhere[name] ?? []) flagOf.set(elsewhere, name);
  for (const [name, { aliases }] of Object.entries(flags))
    for (const own of [name, ...aliases]) flagOf.set(own, own);
  const nearest = nearestName(typed, [...flagOf.keys()]);
  return nearest === undefined ? undefined : flagOf.get(nearest);
}

function valueOf(
  word: string,
  { placeholder, allowed, read }: Flag<unknown>,
  text: string | undefined,
): NonNullable<unknown> {
  const shown = word.replace(/=.*$/, "");
  if (placeholder === undefined && text !== undefined)
    throw new UsageError(`${shown} takes no value`);
  if (placeholder !== undefined && (text === undefined || text.startsWith("--")))
    throw new UsageError(`${shown} has no value; give ${allowed}`);
  const value = read(text ?? "");
  if (value === undefined)
    throw new UsageError(`${shown} is ${JSON.stringify(text)}; give ${allowed}`);
  return value;
}

function textAfterEquals(word: string): string | undefined {
  const at = word.indexOf("=");
  return at < 0 ? undefined : word.slice(at + 1);
}
