import { murmur2 } from "@millrace/model";

/** What was read is not what was written. */
export class RowDamagedError extends Error {}

/** Of a row: SQLite checks no bytes of its pages. */
export function hashOf(key: Uint8Array, value: Uint8Array): number {
  return Math.imul(murmur2(key), 31) ^ murmur2(value);
}

/** @throws RowDamagedError */
export function requireWhole(key: Uint8Array, value: Uint8Array, hash: number): void {
  if (hashOf(key, value) !== hash)
    throw new RowDamagedError(`a row of ${key.length + value.length} bytes has another checksum`);
}
