import { parseDuration, type Duration } from "../durations.ts";

/** Whether an option must be given, has a default, or may be left out. */
export type OptionPresence = "required" | "defaulted" | "optional";

/**
 * One option of an entry point. Its name is its key in the table, its description the comment there: editors show it,
 * and `docs/reference/options.md` is made from it.
 */
export interface OptionRow<Given, Value, Presence extends OptionPresence> {
  readonly presence: Presence;
  /** What may be given, such as `a whole number of at least 1`. */
  readonly allowed: string;
  /** The same in the docs, where some things need not be repeated. */
  readonly allowedInDocs: string;
  readonly byDefault: Given | undefined;
  /** The default in words, for the docs. */
  readonly defaultText: string;
  /** Kafka's name of it, if it has one. */
  readonly kafka: string | undefined;
  /** True: no error shows what was given. */
  readonly isSecret: boolean;
  /** Undefined: not allowed. */
  read(given: unknown): Value | undefined;
}

/** What a row says besides its kind. */
export interface RowSettings<Given> {
  readonly isRequired?: true;
  readonly byDefault?: Given;
  /** In words, where the default depends on something. */
  readonly defaultText?: string;
  readonly kafka?: string;
  readonly isSecret?: true;
}

type PresenceOf<Settings> = Settings extends { readonly isRequired: true }
  ? "required"
  : Settings extends { readonly byDefault: NonNullable<unknown> }
    ? "defaulted"
    : "optional";

interface Kind<Given, Value> {
  readonly allowed: string;
  readonly allowedInDocs?: string;
  readonly read: (given: unknown) => Value | undefined;
  readonly show?: (given: Given) => string;
}

function rowOf<Given, Value, Settings extends RowSettings<Given>>(
  settings: Settings,
  { allowed, allowedInDocs = allowed, read, show = String }: Kind<Given, Value>,
): OptionRow<Given, Value, PresenceOf<Settings>> {
  const { isRequired, byDefault, defaultText, kafka, isSecret = false } = settings;
  const presence = isRequired ? "required" : byDefault === undefined ? "optional" : "defaulted";
  return {
    presence: presence as PresenceOf<Settings>, // the same three cases, as a type
    allowed,
    allowedInDocs,
    byDefault,
    defaultText: defaultText ?? (byDefault === undefined ? "" : show(byDefault)),
    kafka,
    isSecret,
    read,
  };
}

type DurationSettings = RowSettings<Duration> & {
  readonly minMs?: number;
  /** A number that means something else, such as -1 for never. */
  readonly also?: number;
};

/** Milliseconds, or `"5s"`; read as milliseconds. The longest is what a timer can take. */
export function durationOption<const Settings extends DurationSettings>(
  settings: Settings,
): OptionRow<Duration, number, PresenceOf<Settings>> {
  return durationUpTo(2 ** 31 - 1, ", up to 24 days", settings);
}

/** As `durationOption`, of what no timer waits for, such as the time of records, or an age: of any length. */
export function unboundedDurationOption<const Settings extends DurationSettings>(
  settings: Settings,
): OptionRow<Duration, number, PresenceOf<Settings>> {
  return durationUpTo(Number.MAX_SAFE_INTEGER, "", settings);
}

function durationUpTo<const Settings extends DurationSettings>(
  maxMs: number,
  longest: string,
  settings: Settings,
): OptionRow<Duration, number, PresenceOf<Settings>> {
  const { minMs = 0, also } = settings;
  const least = minMs === 0 ? "" : ` of at least ${minMs} ms`;
  const besides = also === undefined ? "" : `, or ${also}`;
  return rowOf(settings, {
    allowed: `a duration${least} such as "250ms", "5s" or "1m", or milliseconds${longest}${besides}`,
    allowedInDocs: `a duration${least}${besides}`,
    read: (given) => {
      if (also !== undefined && given === also) return also;
      const ms = parseDuration(given);
      return ms !== undefined && ms >= minMs && ms <= maxMs ? ms : undefined;
    },
  });
}

/** A whole number. */
export function numberOption<
  const Settings extends RowSettings<number> & { readonly min?: number; readonly max?: number },
>(settings: Settings): OptionRow<number, number, PresenceOf<Settings>> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = settings;
  const range = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
  return rowOf(settings, {
    allowed: `a whole number ${range}`,
    read: (given) =>
      typeof given === "number" && Number.isSafeInteger(given) && given >= min && given <= max
        ? given
        : undefined,
  });
}

/** A whole number of bytes. */
export function bytesOption<
  const Settings extends RowSettings<number> & { readonly min?: number; readonly max?: number },
>(settings: Settings): OptionRow<number, number, PresenceOf<Settings>> {
  const { byDefault } = settings;
  const inMebibytes = byDefault !== undefined && byDefault % 2 ** 20 === 0;
  const defaultText = inMebibytes ? `${byDefault / 2 ** 20} MiB` : undefined;
  return numberOption(defaultText === undefined ? settings : { ...settings, defaultText });
}

/** A text with at least one character; `pattern` and `allowed` narrow it. */
export function textOption<
  const Settings extends RowSettings<string> & {
    readonly accepts?: (text: string) => boolean;
    readonly allowed?: string;
  },
>(settings: Settings): OptionRow<string, string, PresenceOf<Settings>> {
  const { accepts = (text: string) => text !== "", allowed = "a text that is not empty" } =
    settings;
  return rowOf(settings, {
    allowed,
    read: (given) => (typeof given === "string" && accepts(given) ? given : undefined),
  });
}

/** One of a few texts. */
export function choiceOption<
  const Choice extends string,
  const Settings extends RowSettings<NoInfer<Choice>>,
>(choices: readonly Choice[], settings: Settings): OptionRow<Choice, Choice, PresenceOf<Settings>> {
  return rowOf(settings, {
    allowed: oneOf(choices),
    read: (given) => choices.find((choice) => choice === given),
  });
}

/** True or false. */
export function flagOption<const Settings extends RowSettings<boolean>>(
  settings: Settings,
): OptionRow<boolean, boolean, PresenceOf<Settings>> {
  return rowOf(settings, {
    allowed: "true or false",
    read: (given) => (typeof given === "boolean" ? given : undefined),
  });
}

/** A value that a function recognises: callbacks, signals, serdes, lists. */
export function valueOption<Given, const Settings extends RowSettings<Given> = RowSettings<Given>>(
  kind: { readonly allowed: string; readonly accepts: (given: unknown) => boolean },
  settings?: Settings,
): OptionRow<Given, Given, PresenceOf<Settings>> {
  const { allowed, accepts } = kind;
  return rowOf<Given, Given, Settings>(settings ?? ({} as Settings), {
    allowed,
    read: (given) => (accepts(given) ? (given as Given) : undefined), // what `accepts` is for
  });
}

/** Texts by name, and the like: every value passes `accepts`. */
export function isRecordOf(accepts: (value: unknown) => boolean): (given: unknown) => boolean {
  return (given) =>
    typeof given === "object" &&
    given !== null &&
    !Array.isArray(given) &&
    Object.values(given).every(accepts);
}

function oneOf(choices: readonly string[]): string {
  const quoted = choices.map((choice) => JSON.stringify(choice));
  return `${quoted.slice(0, -1).join(", ")} or ${quoted[quoted.length - 1]}`;
}
