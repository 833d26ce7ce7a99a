/** One law of a port, as a test that any implementation must pass. */
export interface ConformanceCase<Subject> {
  readonly name: string;
  run(subject: Subject): Promise<void>;
}

export function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`not so: ${what}`);
}

export function checkEqual(actual: unknown, expected: unknown, what: string): void {
  const left = JSON.stringify(actual);
  const right = JSON.stringify(expected);
  if (left !== right) throw new Error(`${what}: expected ${right}, got ${left}`);
}

/** The literal `code` of what the action throws or rejects with. */
export async function codeOf(action: () => unknown): Promise<unknown> {
  try {
    await action();
  } catch (error) {
    return error instanceof Error && "code" in error ? error.code : String(error);
  }
  return undefined;
}
