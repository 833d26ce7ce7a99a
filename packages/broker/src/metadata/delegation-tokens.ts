import type { DelegationTokenRecord } from "@millrace/protocol/definitions";

/** What the cluster knows of a token (Kafka: `TokenInformation`); what proves it is made of its id and a secret. */
export type DelegationToken = Readonly<DelegationTokenRecord>;

/** The HMAC of a token's id, as text. */
type HmacOf = (tokenId: string) => string;

/** All tokens of the cluster, by id and by what proves them. */
export class DelegationTokens {
  readonly #byId = new Map<string, DelegationToken>();
  readonly #idByHmac = new Map<string, string>();
  #hmacOf: HmacOf | undefined;

  get size(): number {
    return this.#byId.size;
  }

  all(): IterableIterator<DelegationToken> {
    return this.#byId.values();
  }

  get(tokenId: string): DelegationToken | undefined {
    return this.#byId.get(tokenId);
  }

  /** Undefined as well where nobody has said what proves a token. */
  byHmac(hmac: string): DelegationToken | undefined {
    const id = this.#idByHmac.get(hmac);
    return id === undefined ? undefined : this.#byId.get(id);
  }

  /** From now on tokens are found by this as well, those that are there included. */
  indexBy(hmacOf: HmacOf): void {
    this.#hmacOf = hmacOf;
    for (const id of this.#byId.keys()) this.#idByHmac.set(hmacOf(id), id);
  }

  set(token: DelegationToken): void {
    const { tokenId } = token;
    if (this.#hmacOf !== undefined && !this.#byId.has(tokenId))
      this.#idByHmac.set(this.#hmacOf(tokenId), tokenId);
    this.#byId.set(tokenId, Object.freeze({ ...token }));
  }

  remove(tokenId: string): void {
    this.#byId.delete(tokenId);
    if (this.#hmacOf !== undefined) this.#idByHmac.delete(this.#hmacOf(tokenId));
  }
}
