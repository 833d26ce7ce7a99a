import type { UserScramCredentialRecord } from "@millrace/protocol/definitions";

/** What proves that somebody knows a user's password, without being it (Kafka: `ScramCredential`). */
export type ScramCredential = Readonly<UserScramCredentialRecord>;

/** Kafka: `ScramMechanism`, by its number on the wire. */
export const scramMechanisms = { "SCRAM-SHA-256": 1, "SCRAM-SHA-512": 2 } as const;

export type ScramMechanismName = keyof typeof scramMechanisms;

/** The credentials of all users, by name and mechanism. */
export class ScramCredentials {
  readonly #byUser = new Map<string, Map<number, ScramCredential>>();

  users(): IterableIterator<string> {
    return this.#byUser.keys();
  }

  /** Of one user, in the order of the mechanisms. */
  of(user: string): readonly ScramCredential[] {
    const credentials = [...(this.#byUser.get(user)?.values() ?? [])];
    return credentials.toSorted((left, right) => left.mechanism - right.mechanism);
  }

  get(user: string, mechanism: number): ScramCredential | undefined {
    return this.#byUser.get(user)?.get(mechanism);
  }

  set(credential: ScramCredential): void {
    const { name, mechanism } = credential;
    const credentials = this.#byUser.get(name) ?? new Map<number, ScramCredential>();
    credentials.set(mechanism, Object.freeze({ ...credential }));
    this.#byUser.set(name, credentials);
  }

  remove(user: string, mechanism: number): void {
    const credentials = this.#byUser.get(user);
    credentials?.delete(mechanism);
    if (credentials?.size === 0) this.#byUser.delete(user);
  }
}
