import type { ScramMechanismName } from "../../metadata/scram-credentials.ts";
import { digest, type HashName, hmac } from "./digests.ts";

/** Kafka: `ScramMechanism.minIterations`. */
export const scramIterationsMin = 4096;
/** What a login costs is in the hand of whoever may add users: Kafka's bound. */
export const scramIterationsMax = 16_384;

export function hashOfScram(name: ScramMechanismName): HashName {
  return name === "SCRAM-SHA-256" ? "sha256" : "sha512";
}

/** What is kept of a salted password (Kafka: `ScramFormatter`). */
export function scramKeys(hash: HashName, saltedPassword: Uint8Array) {
  return {
    storedKey: digest(hash, hmac(hash, saltedPassword, "Client Key")),
    serverKey: hmac(hash, saltedPassword, "Server Key"),
  };
}
