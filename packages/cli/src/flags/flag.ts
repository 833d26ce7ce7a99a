/** One flag of a command line, `--name VALUE` or `--name`. Its name is its key in the command. */
export interface Flag<Value> {
  /** What stands for the value in the usage, such as `N`; undefined: the flag has no value. */
  readonly placeholder: string | undefined;
  readonly about: string;
  /** What may be given, for the error. */
  readonly allowed: string;
  /** Further names, such as that of Kafka's own tools. */
  readonly aliases: readonly string[];
  readonly isRepeatable: boolean;
  /** The values in the order they were given; refused ones are undefined, and none of them comes here. */
  combine(values: readonly NonNullable<unknown>[]): Value;
  /** Undefined: not allowed. */
  read(text: string): NonNullable<unknown> | undefined;
}

export type FlagSet = Readonly<Record<string, Flag<unknown>>>;

export type FlagValues<Flags extends FlagSet> = {
  readonly [Name in keyof Flags]: ReturnType<Flags[Name]["combine"]>;
};

interface Settings<Value> {
  readonly about: string;
  readonly placeholder?: string;
  readonly aliases?: readonly string[];
  readonly byDefault?: Value;
}

type ValueOf<Kind, Given> = Given extends { readonly byDefault: NonNullable<unknown> }
  ? Kind
  : Kind | undefined;

function valueFlag<Kind extends NonNullable<unknown>, Given extends Settings<Kind>>(
  { about, placeholder = "TEXT", aliases = [], byDefault }: Given,
  allowed: string,
  read: (text: string) => Kind | undefined,
): Flag<ValueOf<Kind, Given>> {
  const standard = byDefault === undefined ? "" : ` (default ${String(byDefault)})`;
  return {
    about: `${about}${standard}`,
    placeholder,
    aliases,
    allowed,
    isRepeatable: false,
    read,
    combine: (values) => (values.at(0) ?? byDefault) as ValueOf<Kind, Given>, // what `read` gave
  };
}

/** Any text that is not empty. */
export function textFlag<const Given extends Settings<string>>(
  given: Given,
): Flag<ValueOf<string, Given>> {
  const { placeholder = "TEXT" } = given;
  return valueFlag<string, Given>(given, placeholder, (text) => (text === "" ? undefined : text));
}

export function numberFlag<
  const Given extends Settings<number> & { readonly min?: number; readonly max?: number },
>(given: Given): Flag<ValueOf<number, Given>> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = given;
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  const isAny = min === Number.MIN_SAFE_INTEGER;
  const withPlaceholder = { placeholder: "N", ...given };
  return valueFlag<number, Given>(
    withPlaceholder,
    isAny ? "a whole number" : `a whole number ${range}`,
    (text) => {
      const number = /^[+-]?\d+$/.test(text) ? Number(text) : NaN;
      return Number.isSafeInteger(number) && number >= min && number <= max ? number : undefined;
    },
  );
}

export function choiceFlag<
  const Choice extends string,
  const Given extends Settings<NoInfer<Choice>> & { readonly allowed?: string },
>(choices: readonly Choice[], given: Given): Flag<ValueOf<Choice, Given>> {
  const all = `${choices.slice(0, -1).join(", ")} or ${choices[choices.length - 1]}`;
  return valueFlag<Choice, Given>(given, given.allowed ?? all, (text) =>
    choices.find((choice) => choice === text),
  );
}

/** A flag that is there or not. */
export function switchFlag({
  about,
  aliases = [],
}: {
  readonly about: string;
  readonly aliases?: readonly string[];
}): Flag<boolean> {
  return {
    about,
    aliases,
    placeholder: undefined,
    allowed: "no value",
    isRepeatable: false,
    read: () => true,
    combine: (values) => values.length > 0,
  };
}

/** The same flag as often as one likes. */
export function repeated<Value>(flag: Flag<Value>): Flag<readonly NonNullable<Value>[]> {
  return {
    ...flag,
    isRepeatable: true,
    combine: (values) => values as readonly NonNullable<Value>[], // what `read` gave
  };
}

/** `NAME=VALUE`, as often as one likes. */
export function pairsFlag({
  about,
}: {
  readonly about: string;
}): Flag<readonly (readonly [string, string])[]> {
  const pair = valueFlag<readonly [string, string], { about: string; placeholder: string }>(
    { about, placeholder: "NAME=VALUE" },
    "NAME=VALUE",
    (text) => {
      const at = text.indexOf("=");
      return at > 0 ? [text.slice(0, at), text.slice(at + 1)] : undefined;
    },
  );
  return repeated(pair);
}

/**
 * `NAME=VALUE`, several of them behind commas, as Kafka's tool takes them. A comma that no `NAME=` follows belongs to the
 * value; brackets hold together what would be taken for more: `match=[client_id=a,client_version=b]`.
 */
export function pairListFlag(given: {
  readonly about: string;
}): Flag<readonly (readonly [string, string])[]> {
  const pairs = pairsFlag(given);
  return {
    ...pairs,
    read: (text) => {
      const read = text.split(nextPair).map((part) => pairs.read(part));
      // Each of them is a pair, or none is taken.
      const all = read as (readonly [string, string] | undefined)[];
      return all.includes(undefined)
        ? undefined
        : all.map((pair) => [pair?.[0].trim(), withoutBrackets(pair?.[1] ?? "")]);
    },
    combine: (values) => (values as (readonly (readonly [string, string])[])[]).flat(), // what `read` gave
  };
}

/** A comma that a name and `=` follow, outside of brackets. */
const nextPair = /,(?=\s*[\w.-]+=)(?![^[]*\])/;

function withoutBrackets(value: string): string {
  return /^\[.*\]$/s.test(value) ? value.slice(1, -1) : value;
}

/** Names, several of them behind commas. */
export function namesFlag(given: Settings<string>): Flag<readonly string[]> {
  const names = repeated(textFlag(given));
  return {
    ...names,
    read: (text) => {
      const all = text.split(",").map((name) => name.trim());
      return all.includes("") ? undefined : all;
    },
    combine: (values) => (values as (readonly string[])[]).flat(), // what `read` gave
  };
}
