import { encodeUtf8 } from "@millrace/model";
import { KafkaError } from "@millrace/protocol";
import {
  alterUserScramCredentialsApi,
  describeUserScramCredentialsApi,
} from "@millrace/protocol/definitions";

import { int32Max, oneOf } from "../argument-kinds.ts";
import {
  checkArguments,
  listOf,
  optional,
  strict,
  whole,
  type ArgumentCheck,
} from "../arguments.ts";
import type { ClientContext } from "../client-context.ts";
import { throwIfError } from "../connection/cluster-error-of.ts";
import { saltedPassword } from "../security/scram-client.ts";
import { name, secret } from "./admin-arguments.ts";
import type { AdminLinks } from "./admin-links.ts";
import { askUntilAnswered } from "./ask-any.ts";
import { wordOf, wordsOf, type Words } from "./words.ts";

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

const mechanism = oneOf(...wordsOf(scramMechanisms));
const credential = { user: name, mechanism };
const usersOrNull: ArgumentCheck = (what, given) => {
  if (given !== null) listOf(name, "users' names")(what, given);
};
const scramChanges = strict(
  {
    upsertions: listOf(
      strict(
        {
          ...credential,
          password: secret,
          iterations: optional(whole(1, "a number of iterations", int32Max)),
        },
        "{ user, mechanism, password }",
      ),
      "credentials",
    ),
    deletions: listOf(strict(credential, "{ user, mechanism }"), "{ user, mechanism }"),
  },
  "{ upsertions, deletions }",
);

/** @param users null: all; those that have no credential are left out */
export async function describeScramUsers(
  context: ClientContext,
  { controller }: AdminLinks,
  users: readonly string[] | null,
  signal?: AbortSignal,
): Promise<readonly ScramUser[]> {
  checkArguments("admin.describeUserScramCredentials", { users: [usersOrNull, users] }, signal);
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
  changes: ScramChanges,
  signal?: AbortSignal,
): Promise<void> {
  checkArguments("admin.alterUserScramCredentials", { changes: [scramChanges, changes] }, signal);
  const { upsertions, deletions } = changes;
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
