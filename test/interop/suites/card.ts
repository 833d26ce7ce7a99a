import { knownFailures, recordedPasses } from "./recorded.ts";
import type { Suite } from "./suite.ts";

/** The table of the README: what passes where. */
export function cardOf(suites: readonly Suite[]): string {
  const failures = knownFailures();
  const rows = suites.map((suite) => {
    const count = recordedPasses(suite).size;
    const failed = failures.filter((failure) => failure.suite === suite.name).length;
    return `| ${suite.title} | ${count} | ${count - failed} |`;
  });
  return ["| suite | passes on Apache Kafka | on Millrace |", "|---|---|---|", ...rows].join("\n");
}
