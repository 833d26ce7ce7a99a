import type { Answer, Step } from "./steps.ts";

/** Performs each step, and prints what all gave as the last line. */
export async function runSteps(
  steps: readonly Step[],
  perform: (step: Step) => Promise<unknown>,
  refusalOf: (error: unknown) => Answer | undefined,
): Promise<void> {
  const answers: Answer[] = [];
  for (const step of steps) {
    try {
      answers.push({ gave: await perform(step) });
    } catch (error) {
      answers.push(
        refusalOf(error) ?? {
          failure: error instanceof Error ? String(error.stack) : String(error),
        },
      );
    }
  }
  console.log(
    JSON.stringify(answers, (_key, value: unknown) =>
      typeof value === "bigint" ? value.toString() : value,
    ),
  );
}
