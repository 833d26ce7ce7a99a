import type { Logger } from "@millrace/platform";
import type { AwaitedSerde } from "@millrace/serde";

/** Tells of records that wait for a schema registry which does not answer: they are not at fault, and go on waiting. */
export function toldOutage(
  logger: Logger,
  where: Readonly<Record<string, unknown>> = {},
): (awaited: AwaitedSerde) => void {
  return ({ what, source, waitedMs }) => {
    logger.log("warn", "streams.serde-outage", {
      ...where,
      waitsFor: what,
      waitedMs: Math.round(waitedMs),
      cause: source?.failure?.message ?? `${source?.name} has not answered yet`,
      advice: "the records wait until it is back; none is left out for it",
    });
  };
}
