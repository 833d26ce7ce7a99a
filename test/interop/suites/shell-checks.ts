import { runSuite } from "../run-suite.ts";
import type { Outcome, Outcomes } from "./suite.ts";

/**
 * What people type: each check is a few lines of a shell, with `$t` for a topic of its own that is there. It passes if
 * every line does.
 */
export type Checks = Readonly<Record<string, string>>;

export interface ShellChecksOptions {
  /** Where they run. */
  readonly folder: string;
  /** What the shell knows; `create` makes the topic that stands behind it. */
  readonly env: Readonly<Record<string, string>> & { readonly create: string };
  readonly only: readonly string[] | undefined;
}

const checkTimeoutMs = 300_000;
/** Commands that start at once. */
const parallelCount = 2;

export async function runChecks(checks: Checks, options: ShellChecksOptions): Promise<Outcomes> {
  const waiting = [...(options.only ?? Object.keys(checks))];
  const outcomes = new Map<string, Outcome>();
  const runSome = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift())
      outcomes.set(name, await runCheck(checks, options, name));
  };
  await Promise.all(Array.from({ length: parallelCount }, runSome));
  return outcomes;
}

async function runCheck(
  checks: Checks,
  { folder, env }: ShellChecksOptions,
  name: string,
): Promise<Outcome> {
  const t = `check-${Object.keys(checks).indexOf(name)}-${process.hrtime.bigint()}`;
  const script = `set -e\n$create $t >/dev/null\n${checks[name]}`;
  const { exitCode, output } = await runSuite("bash", ["-c", script], {
    cwd: folder,
    env: { ...env, t },
    timeoutMs: checkTimeoutMs,
  });
  if (exitCode !== 0) console.log(`${name}: ${output.slice(-1500)}`);
  return exitCode === 0 ? "passed" : "failed";
}
