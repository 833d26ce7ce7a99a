import { adminScenarios } from "./admin-scenarios.ts";
import { Asking, type Scenario } from "./asking.ts";
import { coordinatorScenarios } from "./coordinator-scenarios.ts";
import { produceScenarios } from "./produce-scenarios.ts";
import { readScenarios } from "./read-scenarios.ts";

export const scenarios: readonly Scenario[] = [
  ...coordinatorScenarios, // first: the others find the internal topics there
  ...produceScenarios,
  ...readScenarios,
  ...adminScenarios,
];

/** Answers of a broker that is fresh, by scenario. */
export type Answers = Readonly<Record<string, readonly string[]>>;

export async function answersOf(address: string): Promise<Answers> {
  const answers: Record<string, readonly string[]> = {};
  for (const scenario of scenarios) {
    using asking = new Asking(address);
    await scenario.run(asking);
    answers[scenario.name] = asking.answers;
  }
  return answers;
}
