/** One law of a port, as a test that every implementation must pass. It rejects, or throws, where one does not. */
export interface ConformanceCase<Subject = unknown> {
  readonly name: string;
  run(subject: Subject): Promise<void>;
}

/** What was expected did not happen; the message names the seed where there is one. */
export class ConformanceFailure extends Error {
  override readonly name = "ConformanceFailure";
}

export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new ConformanceFailure(message);
}

export function checkEqual(actual: unknown, expected: unknown, message: string): void {
  const left = JSON.stringify(actual);
  const right = JSON.stringify(expected);
  check(left === right, `${message}: got ${left}, expected ${right}`);
}

/** What an action throws or rejects with; undefined: nothing. */
export async function failureOf(action: () => unknown): Promise<unknown> {
  try {
    await action();
    return undefined;
  } catch (error) {
    return error;
  }
}

/** The literal `code` of an error; what has none is given as it is. */
export function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : error;
}

/** The code of what an action throws or rejects with. */
export async function failureCodeOf(action: () => unknown): Promise<unknown> {
  return codeOf(await failureOf(action));
}
