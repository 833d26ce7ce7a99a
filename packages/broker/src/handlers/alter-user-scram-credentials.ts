import type { Given } from "@millrace/protocol";
import {
  alterUserScramCredentialsApi,
  type AlterUserScramCredentialsRequest,
  type alterUserScramCredentialsResponse,
} from "@millrace/protocol/definitions";
import type { MetadataImage } from "../metadata/metadata-image.ts";
import type { MetadataRecord } from "../metadata/metadata-record.ts";
import type { MetadataStore } from "../metadata/metadata-store.ts";
import { type ScramMechanismName, scramMechanisms } from "../metadata/scram-credentials.ts";
import {
  hashOfScram,
  scramIterationsMax,
  scramIterationsMin,
  scramKeys,
} from "../security/authentication/scram-keys.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { clusterResource } from "../server/request-context.ts";
import { countNames } from "./count-names.ts";
import { clusterRefused, type ErrorAnswer, errorAnswer, noError } from "./error-answer.ts";

/*
 * AlterUserScramCredentials, version 0: gives users credentials, or takes them away; of a user one in a request. The
 * password comes salted, and is not kept.
 */

type Response = Given<typeof alterUserScramCredentialsResponse>;
type Deletion = AlterUserScramCredentialsRequest["deletions"][number];
type Upsertion = AlterUserScramCredentialsRequest["upsertions"][number];

export function alterUserScramCredentialsHandler(
  metadata: MetadataStore,
): AnsweringHandler<AlterUserScramCredentialsRequest, Response> {
  return {
    api: alterUserScramCredentialsApi,
    async handle(context, { deletions, upsertions }) {
      const throttleTimeMs = context.throttleMs;
      const users = [...deletions, ...upsertions].map(({ name }) => name);
      if (!context.authorize("ALTER", clusterResource)) {
        const answer = clusterRefused;
        return {
          throttleTimeMs,
          results: [...new Set(users)].map((user) => ({ user, ...answer })),
        };
      }
      const counts = countNames(users, (name) => name);
      const results = await metadata.change((image) => {
        const records: MetadataRecord[] = [];
        const answers = new Map<string, ErrorAnswer>();
        const settle = (
          name: string,
          fault: ErrorAnswer | undefined,
          record: () => MetadataRecord,
        ) => {
          const isFirst = !answers.has(name);
          if (!isFirst) return;
          const isTwice = fault === undefined && counts(name) > 1;
          const answer = isTwice ? twice : (fault ?? noError);
          if (answer === noError) records.push(record());
          answers.set(name, answer);
        };
        for (const one of deletions)
          settle(one.name, faultOfDeletion(image, one), () => ({
            kind: "removeUserScramCredential",
            value: one,
          }));
        for (const one of upsertions) settle(one.name, faultOfUpsertion(one), () => recordOf(one));
        return { records, result: [...answers].map(([user, answer]) => ({ user, ...answer })) };
      });
      return { throttleTimeMs, results };
    },
  };
}

const twice = errorAnswer(
  "DUPLICATE_RESOURCE",
  "A user credential cannot be altered twice in the same request",
);

function nameOf(mechanism: number): ScramMechanismName | undefined {
  if (mechanism === scramMechanisms["SCRAM-SHA-256"]) return "SCRAM-SHA-256";
  return mechanism === scramMechanisms["SCRAM-SHA-512"] ? "SCRAM-SHA-512" : undefined;
}

function faultOf({ name, mechanism }: Deletion): ErrorAnswer | undefined {
  if (name === "") return errorAnswer("UNACCEPTABLE_CREDENTIAL", "Username must not be empty");
  if (nameOf(mechanism) === undefined)
    return errorAnswer("UNSUPPORTED_SASL_MECHANISM", "Unknown SCRAM mechanism");
  return undefined;
}

function faultOfDeletion(image: MetadataImage, deletion: Deletion): ErrorAnswer | undefined {
  const fault = faultOf(deletion);
  if (fault !== undefined) return fault;
  return image.scramCredentials.get(deletion.name, deletion.mechanism) === undefined
    ? errorAnswer("RESOURCE_NOT_FOUND", "Attempt to delete a user credential that does not exist")
    : undefined;
}

function faultOfUpsertion(upsertion: Upsertion): ErrorAnswer | undefined {
  const fault = faultOf(upsertion);
  if (fault !== undefined) return fault;
  if (upsertion.iterations < scramIterationsMin)
    return errorAnswer("UNACCEPTABLE_CREDENTIAL", "Too few iterations");
  return upsertion.iterations > scramIterationsMax
    ? errorAnswer("UNACCEPTABLE_CREDENTIAL", "Too many iterations")
    : undefined;
}

function recordOf({
  name,
  mechanism,
  iterations,
  salt,
  saltedPassword,
}: Upsertion): MetadataRecord {
  const hash = hashOfScram(nameOf(mechanism) ?? "SCRAM-SHA-256");
  return {
    kind: "userScramCredential",
    value: { name, mechanism, iterations, salt, ...scramKeys(hash, saltedPassword) },
  };
}
