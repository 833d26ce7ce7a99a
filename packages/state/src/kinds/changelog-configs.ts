import type { StoreSpecification } from "../contract/store-specification.ts";

/** Of the changelog of a store that keeps the last value of each key, and what the user says over them. */
export function compactedChangelog({
  logging,
}: StoreSpecification): Readonly<Record<string, string>> {
  return {
    "cleanup.policy": "compact",
    "message.timestamp.type": "CreateTime",
    ...configsOf(logging),
  };
}

function configsOf(logging: StoreSpecification["logging"]): Readonly<Record<string, string>> {
  return typeof logging === "boolean" ? {} : logging;
}
