import { nearestName } from "./nearest-name.ts";
import { OptionError } from "./option-error.ts";
import type { OptionPresence, OptionRow } from "./option-row.ts";
import { isPromise, shown } from "./shown.ts";

/** Rows by the options' names. */
export type OptionRows = Readonly<Record<string, OptionRow<unknown, unknown, OptionPresence>>>;

/** What a caller may give, as a type. */
export type GivenOptions<Rows extends OptionRows> = {
  readonly [
    Name in keyof Rows as Rows[Name]["presence"] extends "required" ? Name : never
  ]: NonNullable<Rows[Name]["byDefault"]>;
} & {
  readonly [
    Name in keyof Rows as Rows[Name]["presence"] extends "required" ? never : Name
  ]?: NonNullable<Rows[Name]["byDefault"]>;
};

/** What was read: defaults filled in, durations in milliseconds. */
export type ReadOptions<Rows extends OptionRows> = {
  readonly [Name in keyof Rows]: Rows[Name]["presence"] extends "optional"
    ? ReturnType<Rows[Name]["read"]>
    : NonNullable<ReturnType<Rows[Name]["read"]>>;
};

/** What several options must keep to together. */
export interface OptionRule<Values> {
  /** A sentence, for the docs and the error: `heartbeatInterval must be shorter than sessionTimeout`. */
  readonly demand: string;
  /** Shown with their values where the rule is broken. */
  readonly options: readonly (keyof Values & string)[];
  holds(values: Values): boolean;
}

/**
 * All options of one entry point: the one source of their types, defaults and checks, and of their rows in
 * `docs/reference/options.md`.
 */
export interface OptionTable<Rows extends OptionRows> {
  /** The entry point, such as `StreamsApp.start`. */
  readonly entry: string;
  readonly rows: Rows;
  readonly rules: readonly OptionRule<ReadOptions<Rows>>[];
}

/**
 * @example
 * const rows = {
 *   // (a doc comment: the description)
 *   pollTimeout: durationOption({ byDefault: "500ms" }),
 * };
 * const table = optionTable("openPump", rows);
 * export interface PumpOptions extends GivenOptions<typeof rows> {}
 * readOptions(table, { pollTimeout: "1s" }); // { pollTimeout: 1000 }
 */
export function optionTable<const Rows extends OptionRows>(
  entry: string,
  rows: Rows,
  rules: readonly OptionRule<ReadOptions<Rows>>[] = [],
): OptionTable<Rows> {
  return { entry, rows, rules };
}

/**
 * Checks what a caller gave, against the rows first and then against the rules.
 *
 * @throws OptionError `UNKNOWN_OPTION`, `INVALID_OPTION`
 */
export function readOptions<Rows extends OptionRows>(
  { entry, rows, rules }: OptionTable<Rows>,
  given: unknown,
): ReadOptions<Rows> {
  const options = objectOf(entry, rows, given);
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(rows, name)) throw unknownOption(entry, name, rows);
  }
  const read: Record<string, unknown> = {};
  for (const name of Object.keys(rows))
    read[name] = readOption({ entry, name, given: options[name] }, rows[name]);
  const values = read as ReadOptions<Rows>; // row by row
  for (const { demand, options: names, holds } of rules) {
    if (holds(values)) continue;
    const parts = names.map((name) => `${name} is ${told(options[name], rows[name])}`);
    throw new OptionError("INVALID_OPTION", `${entry}: ${parts.join(" and ")}; ${demand}`);
  }
  return values;
}

/** What was given, or stands for it. */
function told(
  given: unknown,
  { byDefault, defaultText, isSecret }: OptionRow<unknown, unknown, OptionPresence>,
): string {
  const value = given ?? byDefault;
  if (value !== undefined) return isSecret ? shownSecret(value) : shown(value);
  return defaultText === "" ? "left out" : `left out (${defaultText})`;
}

function shownSecret(given: unknown): string {
  return typeof given === "string" ? `a text of ${given.length} characters` : shown(given);
}

function readOption(
  {
    entry,
    name,
    given,
  }: { readonly entry: string; readonly name: string; readonly given: unknown },
  { presence, byDefault, allowed, isSecret, read }: OptionRow<unknown, unknown, OptionPresence>,
): unknown {
  if (given === undefined && presence === "optional") return undefined;
  const value = read(given === undefined ? byDefault : given);
  if (value !== undefined) return value;
  const text = isSecret ? shownSecret : shown;
  const what = given === undefined ? "missing" : text(given);
  throw new OptionError("INVALID_OPTION", `${entry}: ${name} is ${what}; give ${allowed}`);
}

function objectOf(
  entry: string,
  rows: OptionRows,
  given: unknown,
): Readonly<Record<string, unknown>> {
  if (typeof given === "object" && given !== null && !isPromise(given)) return { ...given };
  const required = Object.keys(rows).filter((name) => rows[name].presence === "required");
  const least = required.length === 0 ? "" : `, at least { ${required.join(", ")} }`;
  throw new OptionError(
    "INVALID_OPTION",
    `${entry} takes an object of options${least}; it was given ${shown(given)}`,
  );
}

function unknownOption(entry: string, typed: string, rows: OptionRows): OptionError {
  const names = Object.keys(rows);
  const byKafka = names.find((name) => rows[name].kafka === typed);
  const nearest = byKafka ?? nearestName(typed, names);
  const hint = nearest === undefined ? `It has ${names.join(", ")}.` : `Did you mean ${nearest}?`;
  return new OptionError(
    "UNKNOWN_OPTION",
    `${entry} has no option ${JSON.stringify(typed)}. ${hint}`,
  );
}
