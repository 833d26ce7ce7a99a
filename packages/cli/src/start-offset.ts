import { UsageError } from "./usage-error.ts";

/** Where reading starts. */
export type StartOffset =
  | { readonly kind: "offset"; readonly offset: number }
  | { readonly kind: "at"; readonly at: "earliest" | "latest" | { readonly timestamp: number } };

/** @throws UsageError */
export function startOffset(given: {
  readonly "from-beginning": boolean;
  readonly offset: string | undefined;
  readonly partition: number | undefined;
}): StartOffset {
  const { offset, partition } = given;
  const isFromBeginning = given["from-beginning"];
  if (offset === undefined) return { kind: "at", at: isFromBeginning ? "earliest" : "latest" };
  if (isFromBeginning) throw new UsageError("--offset does not go with --from-beginning");
  if (offset === "earliest" || offset === "latest") return { kind: "at", at: offset };
  if (/^\d+$/.test(offset) && Number.isSafeInteger(Number(offset))) {
    if (partition === undefined)
      throw new UsageError("--offset N is of one partition; give --partition, too");
    return { kind: "offset", offset: Number(offset) };
  }
  return {
    kind: "at",
    at: { timestamp: parseTime("--offset", offset, ", earliest, latest or N") },
  };
}

/** Milliseconds of a text such as `2026-01-31T12:00Z`; without a zone it is UTC, as in Kafka's tools. @throws UsageError */
export function parseTime(flag: string, text: string, besides = ""): number {
  const isDate =
    /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})?)?$/;
  const match = isDate.exec(text);
  // A date alone is UTC to Date.parse already.
  const isLocal = text.includes("T") && match?.[1] === undefined;
  const ms = match === null ? NaN : Date.parse(isLocal ? `${text}Z` : text);
  if (Number.isFinite(ms) && ms >= 0) return ms;
  throw new UsageError(
    `${flag} is ${JSON.stringify(text)}; give a time such as 2026-01-31T12:00Z${besides}`,
  );
}
