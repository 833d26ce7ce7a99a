import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from "node:crypto";

/** The two hash functions that SCRAM is used with. */
export type HashName = "sha256" | "sha512";

export function hmac(hash: HashName, key: Uint8Array, text: Uint8Array | string): Uint8Array {
  return createHmac(hash, key).update(text).digest();
}

export function digest(hash: HashName, bytes: Uint8Array | string): Uint8Array {
  return createHash(hash).update(bytes).digest();
}

/** Takes as long for texts that differ early as for those that differ late. */
export function isSameSecret(left: Uint8Array, right: Uint8Array): boolean {
  return timingSafeEqual(digest("sha256", left), digest("sha256", right));
}

/** PBKDF2, as SCRAM does it: some milliseconds. */
export function saltPassword(
  hash: HashName,
  password: string,
  { salt, iterations }: { readonly salt: Uint8Array; readonly iterations: number },
): Uint8Array {
  return pbkdf2Sync(password, salt, iterations, hash === "sha256" ? 32 : 64, hash);
}
