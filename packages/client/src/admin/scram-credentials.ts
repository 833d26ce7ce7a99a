import { encodeUtf8 } from "@millrace/model";
import { KafkaError } from "@millrace/protocol";
import {
  alterUserScramCredentialsApi,
  describeUserScramCredentialsApi,
} from "@millrace/protocol/definitions";

import type { ClientContext } from "../client-context.ts";
import { throwIfError } from "../connection/cluster-error-of.ts";
import { saltedPassword } from "../security/scram-client.ts";
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

/** A password for a user. It does not leave this process: the cluster gets what SCRAM makes of it, with a random salt. */
export interface ScramUpsertion {
  readonly user: string;
  readonly mechanism: ScramMechanism;
  readonly password: string;
  /** What guessing costs: 4096 (default) to 16384. */
  readonly iterations?: number;
}

export interface ScramDeletion {
  readonly user: string;
  readonly mechanism: ScramMechanism;
}

/** Kafka's own. */
const iterationsDefault = 4096;
const saltBytes = 24;
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
  const { random } = context.platform;
  const credentials = upsertions.map((one) =>
    credentialOf(one, random.fill(new Uint8Array(saltBytes))),
  );
  await askUntilAnswered(context, {
    api: alterUserScramCredentialsApi,
    link: controller,
    signal,
    body: () => ({
      upsertions: credentials,
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

function credentialOf(
  { user: name, mechanism, password, iterations = iterationsDefault }: ScramUpsertion,
  salt: Uint8Array,
) {
  return {
    name,
    mechanism: scramMechanisms[mechanism],
    iterations,
    salt,
    saltedPassword: saltedPassword(mechanism, encodeUtf8(password), { salt, iterations }),
  };
}
