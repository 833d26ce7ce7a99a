import type { ProcessParts } from "./process-parts.ts";

/** The name of a stream loop, as Kafka names threads: `<application>-<process>-StreamThread-1`. */
export function threadIdOf(
  { options: { applicationId }, processId }: Pick<ProcessParts, "options" | "processId">,
  number: number,
): string {
  return `${applicationId}-${processId}-StreamThread-${number}`;
}
