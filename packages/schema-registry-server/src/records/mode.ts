import { RegistryError } from "../registry-error.ts";

export const modes = ["READWRITE", "READONLY", "READONLY_OVERRIDE", "IMPORT"] as const;

/** What may be done to a subject (Confluent: `Mode`). */
export type Mode = (typeof modes)[number];

/** @throws RegistryError `INVALID_MODE` */
export function readMode(text: string | undefined): Mode {
  const mode = modes.find((one) => one === text?.toUpperCase());
  if (mode !== undefined) return mode;
  throw new RegistryError(
    "INVALID_MODE",
    `${JSON.stringify(text ?? null)} is no mode; give one of ${modes.join(", ")}`,
  );
}

export function isReadOnly(mode: Mode): boolean {
  return mode === "READONLY" || mode === "READONLY_OVERRIDE";
}
