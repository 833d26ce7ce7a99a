import type { Random } from "@millrace/platform";
import type { DelegationToken } from "../../metadata/delegation-tokens.ts";
import {
  type ScramCredential,
  type ScramMechanismName,
  scramMechanisms,
} from "../../metadata/scram-credentials.ts";
import type { DelegationTokenIssuer } from "./delegation-token-issuer.ts";
import { saltPassword } from "./digests.ts";
import { hashOfScram, scramIterationsMin, scramKeys } from "./scram-keys.ts";

const saltBytes = 24;

/**
 * What SCRAM checks a token with. It takes milliseconds to make, and so is made for tokens that somebody comes with, and
 * goes when they change.
 */
export class TokenCredentials {
  readonly #issuer: DelegationTokenIssuer;
  readonly #random: Random;
  readonly #made = new WeakMap<DelegationToken, Map<ScramMechanismName, ScramCredential>>();

  constructor(issuer: DelegationTokenIssuer, random: Random) {
    this.#issuer = issuer;
    this.#random = random;
  }

  find(
    tokenId: string,
    mechanism: ScramMechanismName,
  ): { readonly token: DelegationToken; readonly credential: ScramCredential } | undefined {
    const token = this.#issuer.find(tokenId);
    if (token === undefined) return undefined;
    const made = this.#made.get(token) ?? new Map<ScramMechanismName, ScramCredential>();
    const credential = made.get(mechanism) ?? this.#make(tokenId, mechanism);
    this.#made.set(token, made.set(mechanism, credential));
    return { token, credential };
  }

  #make(tokenId: string, mechanism: ScramMechanismName): ScramCredential {
    const hash = hashOfScram(mechanism);
    const salt = this.#random.fill(new Uint8Array(saltBytes));
    // As in Kafka, the fewest there may be: what is salted is a key, and no word to be guessed.
    const iterations = scramIterationsMin;
    const salted = saltPassword(hash, this.#issuer.passwordOf(tokenId), { salt, iterations });
    const keys = scramKeys(hash, salted);
    return { name: tokenId, mechanism: scramMechanisms[mechanism], salt, iterations, ...keys };
  }
}
