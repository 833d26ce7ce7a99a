import { RE2JS, RE2JSSyntaxException } from "re2js";

/** Instructions that repetitions may add to those that a pattern has as it is written. */
const repeatedMax = 1000;
const repetition = /\{(\d+)(,(\d*))?\}/y;

export interface PatternFault {
  readonly fault: string;
}

/**
 * A pattern that a client gives. RE2's expressions, as Kafka's, match in a time that grows with the text, and with the
 * pattern once its repetitions are written out: a few bytes (`\pL{1000}\pL{1000}…`) would hold the broker for seconds.
 */
export function compilePattern(pattern: string): RE2JS | PatternFault {
  if (writtenOutSize(pattern) > pattern.length + repeatedMax)
    return { fault: `its repetitions add more than ${repeatedMax} instructions` };
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) return { fault: error.getDescription() };
    throw error;
  }
}

/** What a pattern amounts to without repetitions; of one that does not parse, anything. */
function writtenOutSize(pattern: string): number {
  const outer: number[] = [];
  let size = 0;
  let lastSize = 0;
  for (let at = 0; at < pattern.length; at++) {
    repetition.lastIndex = at;
    const repeated = repetition.exec(pattern);
    if (repeated !== null) {
      const [text, least, , most] = repeated;
      const times = Math.max(Number(least), Number(most ?? 0), 1);
      size += lastSize * (times - 1);
      lastSize *= times;
      at += text.length - 1;
    } else if (pattern[at] === "(") {
      outer.push(size);
      size = 0;
    } else if (pattern[at] === ")") {
      lastSize = size;
      size += outer.pop() ?? 0;
    } else {
      if (pattern[at] === "\\") at++;
      else if (pattern[at] === "[") at = endOfClass(pattern, at);
      lastSize = 1;
      size++;
    }
  }
  return outer.reduce((sum, one) => sum + one, size);
}

/** Where the class of characters ends that begins there. */
function endOfClass(pattern: string, start: number): number {
  let at = pattern[start + 1] === "^" ? start + 2 : start + 1;
  // A bracket that comes first is one of the characters.
  for (at++; at < pattern.length && pattern[at] !== "]"; at++) if (pattern[at] === "\\") at++;
  return at;
}
