import type { SeedResult } from "./run-seed.ts";

const violationsShownMax = 8;

/** All that is needed to look into a seed that failed: what was violated, its options, how to replay it. */
export function describeFailure(
  { options, violations, traceHash }: SeedResult,
  plantName?: string,
): string {
  const shown = violations
    .slice(0, violationsShownMax)
    .map(({ invariant, message, atMs }) => `  ${invariant} at ${atMs.toFixed(0)} ms: ${message}`);
  const rest = violations.length - shown.length;
  const plant = plantName === undefined ? "" : ` --plant ${plantName}`;
  return [
    `seed ${options.seed} violates ${[...new Set(violations.map((one) => one.invariant))].join(", ")}`,
    ...shown,
    ...(rest > 0 ? [`  and ${rest} more`] : []),
    `  options: ${JSON.stringify(options)}`,
    `  trace hash: ${traceHash}`,
    `  replay: npm run simulate -- --seeds 1 --from ${options.seed}${plant} --trace`,
  ].join("\n");
}
