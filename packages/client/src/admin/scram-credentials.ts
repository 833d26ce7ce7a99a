import { KafkaError } from "@millrace/protocol";
import {
  alterUserScramCredentialsApi,
  describeUserScramCredentialsApi,
} from "@millrace/protocol/definitions";

import type { ClientContext } from "../client-context.ts";
import { throwIfError } from "../connection/cluster-error-of.ts";
import { askUntilAnswered } from "./ask-any.ts";
import type { AdminLinks } from "./configs.ts";
import { wordOf, type Words } from "./words.ts";

export const scramMechanisms = {
  "SCRAM-SHA-256": 1,
  "SCRAM-SHA-512": 2,
} satisfies Words<string>;

export type ScramMechanism = keyof typeof scramMechanisms;

/** A user, and how it may show who it is; the cluster keeps no password. */
export interface ScramUser {
  readonly user: string;
  readonly credentials: readonly {
    readonly mechanism: ScramMechanism;
    readonly iterations: number;
  }[];
}

/**
 * A credential of a user. What leaves this process is no password, but what SCRAM makes of it: PBKDF2 of the password
 * with the salt and the iterations, by the hash of the mechanism (RFC 5802, `SaltedPassword`).
 */
export interface ScramUpsertion {
  readonly user: string;
  readonly mechanism: ScramMechanism;
  /** 4096 to 16384. */
  readonly iterations: number;
  readonly salt: Uint8Array;
  readonly saltedPassword: Uint8Array;
}

export interface ScramDeletion {
  readonly user: string;
  readonly mechanism: ScramMechanism;
}

const userNotThere = new KafkaError("RESOURCE_NOT_FOUND").errorCode;

/** @param users null: all; those that have no credential are left out */
export async function describeScramUsers(
  context: ClientContext,
  { controller }: AdminLinks,
  users: readonly string[] | null,
  signal?: AbortSignal,
): Promise<readonly ScramUser[]> {
  const answer = await askUntilAnswered(context, {
    api: describeUserScramCredentialsApi,
    link: controller,
    signal,
    body: () => ({ users: users === null ? null : users.map((name) => ({ name })) }),
    errorsOf: (whole) => [whole],
  });
  return answer.results.flatMap(({ user, errorCode, errorMessage, credentialInfos }) => {
    if (errorCode === userNotThere) return [];
    throwIfError(errorCode, errorMessage);
    const credentials = credentialInfos.flatMap(({ mechanism: code, iterations }) => {
      const mechanism = wordOf(scramMechanisms, code);
      return mechanism === undefined ? [] : [{ mechanism, iterations }];
    });
    return [{ user, credentials }];
  });
}

export async function alterScramUsers(
  context: ClientContext,
  { controller }: AdminLinks,
  { upsertions, deletions }: ScramChanges,
  signal?: AbortSignal,
): Promise<void> {
  await askUntilAnswered(context, {
    api: alterUserScramCredentialsApi,
    link: controller,
    signal,
    body: () => ({
      upsertions: upsertions.map(({ user: name, mechanism, ...credential }) => ({
        ...credential,
        name,
        mechanism: scramMechanisms[mechanism],
      })),
      deletions: deletions.map(({ user: name, mechanism }) => ({
        name,
        mechanism: scramMechanisms[mechanism],
      })),
    }),
    errorsOf: ({ results }) => results,
  });
}

interface ScramChanges {
  readonly upsertions: readonly ScramUpsertion[];
  readonly deletions: readonly ScramDeletion[];
}
