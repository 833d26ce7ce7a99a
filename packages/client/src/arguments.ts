import { ClusterError } from "@millrace/cluster";
import { isPromise, nearestName, shown } from "@millrace/model";

// What methods are given is checked where it comes in: types say all of this already, but programs in JavaScript, and
// casts, do not listen to them, and what a wrong argument does further down says nothing of it.

/**
 * Refuses what may not stand in one place, such as `client.admin.deleteTopics: topics[1]`.
 *
 * @throws ClusterError `INVALID_ARGUMENT`
 */
export type ArgumentCheck = (what: string, given: unknown) => void;

/** Checks the arguments of a method by their names; the last one of many methods is a signal. */
export function checkArguments(
  method: string,
  checks: Readonly<Record<string, readonly [ArgumentCheck, unknown]>>,
  signal?: AbortSignal,
): void {
  for (const name of Object.keys(checks)) {
    const [check, given] = checks[name];
    check(`client.${method}: ${name}`, given);
  }
  optional(abortSignal)(`client.${method}: signal`, signal);
}

export const abortSignal = kind("an AbortSignal", isSignal);

export function kind(allowed: string, accepts: (given: unknown) => boolean): ArgumentCheck {
  return (what, given) => {
    if (!accepts(given)) throw invalid(what, given, allowed);
  };
}

export function optional(check: ArgumentCheck): ArgumentCheck {
  return (what, given) => {
    if (given !== undefined) check(what, given);
  };
}

export function textOf(allowed: string): ArgumentCheck {
  return kind(allowed, (given) => typeof given === "string" && given !== "");
}

export function whole(min: number, allowed: string, max?: number): ArgumentCheck {
  const range = max === undefined ? `of at least ${min}` : `from ${min} to ${max}`;
  const isInRange = (given: number) => given >= min && (max === undefined || given <= max);
  return kind(
    `${allowed}: a whole number ${range}`,
    (given) => typeof given === "number" && Number.isSafeInteger(given) && isInRange(given),
  );
}

export function listOf(check: ArgumentCheck, allowed: string): ArgumentCheck {
  return (what, given) => {
    if (!Array.isArray(given)) throw invalid(what, given, `a list of ${allowed}`);
    for (let index = 0; index < given.length; index++) check(`${what}[${index}]`, given[index]);
  };
}

export function object(
  members: Readonly<Record<string, ArgumentCheck>>,
  allowed: string,
): ArgumentCheck {
  return (what, given) => {
    const isObject = typeof given === "object" && given !== null && !Array.isArray(given);
    // A signal in the place of options would end nothing.
    if (!isObject || isPromise(given) || isSignal(given)) throw invalid(what, given, allowed);
    const values = given as Readonly<Record<string, unknown>>;
    for (const name of Object.keys(members)) members[name](`${what}.${name}`, values[name]);
  };
}

/** No members but these. */
export function strict(
  members: Readonly<Record<string, ArgumentCheck>>,
  allowed: string,
): ArgumentCheck {
  const check = object(members, allowed);
  const names = Object.keys(members);
  return (what, given) => {
    for (const name of typeof given === "object" && given !== null ? Object.keys(given) : []) {
      if (Object.hasOwn(members, name)) continue;
      const nearest = nearestName(name, names);
      const hint =
        nearest === undefined ? `it has ${names.join(", ")}` : `did you mean ${nearest}?`;
      throw new ClusterError(
        "INVALID_ARGUMENT",
        `${what} has no member ${JSON.stringify(name)}; ${hint}`,
      );
    }
    check(what, given);
  };
}

function isSignal(given: unknown): boolean {
  return (
    typeof given === "object" && given !== null && "aborted" in given && "addEventListener" in given
  );
}

function invalid(what: string, given: unknown, allowed: string): ClusterError {
  return new ClusterError("INVALID_ARGUMENT", `${what} is ${shown(given)}; give ${allowed}`);
}
