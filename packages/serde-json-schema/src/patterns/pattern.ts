import { RE2JS } from "re2js";

import { JsonSchemaError } from "../json-schema-error.ts";
import { scanPattern, type ScannedPattern } from "./scan-pattern.ts";

/** How many ways backtracking may try for one text: some milliseconds. */
const waysMax = 200_000;

/**
 * A regular expression whose matching takes a bounded time, whatever the expression and the text.
 *
 * The engine of JavaScript is the fastest and knows all of the syntax, and takes a time beyond all bounds for some
 * expressions (`(a+)+$`). It is asked where the ways that it can try are few for a text of this length; else RE2 is,
 * which takes linear time. What RE2 does not know (looking around and back) is bounded in the text's length alone.
 */
export class Pattern {
  readonly source: string;
  readonly #native: RegExp;
  readonly #scanned: ScannedPattern;
  readonly #nativeLengthMax: number;
  #linear: RE2JS | undefined;

  /** @throws JsonSchemaError `INVALID_PATTERN`, or `PATTERN_WITHOUT_BOUND` where no engine has a bound for it */
  constructor(source: string) {
    this.source = source;
    this.#native = nativeOf(source);
    this.#scanned = scanPattern(source);
    this.#nativeLengthMax = nativeLengthMax(this.#scanned);
    if (this.#nativeLengthMax > 0) return;
    this.#linear = linearOf(this.#scanned);
    if (this.#linear === undefined)
      throw new JsonSchemaError(
        "PATTERN_WITHOUT_BOUND",
        `matching the pattern ${source} can take a time without bound: it repeats groups, and looks around or back, or counts beyond 1000, which no engine of linear time does; write it without one of the two`,
      );
  }

  /** ajv tells patterns apart by it. */
  toString(): string {
    return `/${this.source}/`;
  }

  /** @throws JsonSchemaError `TEXT_TOO_LONG` */
  test(text: string): boolean {
    if (text.length <= this.#nativeLengthMax) return this.#native.test(text);
    this.#linear ??= linearOf(this.#scanned);
    if (this.#linear !== undefined) return this.#linear.test(text);
    throw new JsonSchemaError(
      "TEXT_TOO_LONG",
      `a text of ${text.length} signs is too long for the pattern ${this.source}, which is matched by backtracking, and bounded to ${this.#nativeLengthMax}; write it without looking around, or bound the text by maxLength before it`,
    );
  }
}

/** Whether it is a regular expression to JavaScript, or to the engines of others who write schemas. */
export function isPattern(source: string): boolean {
  try {
    nativeOf(source);
    return true;
  } catch {
    return linearOf({ linear: source, cost: undefined }) !== undefined;
  }
}

/** Strictly as Unicode where the expression allows it, as ajv does it. */
function nativeOf(source: string): RegExp {
  try {
    return new RegExp(source, "u");
  } catch {
    return looseNativeOf(source);
  }
}

function looseNativeOf(source: string): RegExp {
  try {
    return new RegExp(source);
  } catch (cause) {
    throw new JsonSchemaError(
      "INVALID_PATTERN",
      `${source} is no regular expression of JavaScript: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function nativeLengthMax({ cost }: ScannedPattern): number {
  if (cost === undefined || cost.ways > waysMax) return 0;
  return Math.floor((waysMax / cost.ways) ** (1 / cost.repeats));
}

function linearOf({ linear }: ScannedPattern): RE2JS | undefined {
  if (linear === undefined) return undefined;
  try {
    return RE2JS.compile(linear);
  } catch {
    return undefined;
  }
}
