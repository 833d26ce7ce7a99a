import { RegistryError } from "../registry-error.ts";

/** A version in a path; -1: the latest. @throws RegistryError `INVALID_VERSION` */
export function readVersion(text: string): number {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === "latest") return -1;
  const version = /^[+-]?\d{1,10}$/.test(trimmed) ? Number(trimmed) : NaN;
  if (version === -1 || (version >= 1 && version < 2 ** 31)) return version;
  throw new RegistryError(
    "INVALID_VERSION",
    `${JSON.stringify(text)} is no version; give a number from 1 to 2147483647, or latest`,
  );
}
