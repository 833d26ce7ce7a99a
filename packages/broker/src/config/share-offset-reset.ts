import { parseIsoDurationMs } from "./iso-duration.ts";

/** Where a share group begins that has read nothing yet (`share.auto.offset.reset`). */
export type ShareOffsetReset =
  | { readonly kind: "earliest" }
  | { readonly kind: "latest" }
  | { readonly kind: "byDuration"; readonly durationMs: number };

const durationPrefix = "by_duration:";

/** Undefined: the value has no meaning. */
export function shareOffsetResetOf(value: string): ShareOffsetReset | undefined {
  if (value === "earliest" || value === "latest") return { kind: value };
  if (!value.startsWith(durationPrefix)) return undefined;
  const durationMs = parseIsoDurationMs(value.slice(durationPrefix.length));
  return durationMs === undefined || durationMs < 0
    ? undefined
    : { kind: "byDuration", durationMs };
}
