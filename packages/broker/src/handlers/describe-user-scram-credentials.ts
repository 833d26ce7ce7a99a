import type { Given } from "@millrace/protocol";
import {
  describeUserScramCredentialsApi,
  type DescribeUserScramCredentialsRequest,
  type describeUserScramCredentialsResponse,
} from "@millrace/protocol/definitions";
import type { MetadataImage } from "../metadata/metadata-image.ts";
import type { AnsweringHandler } from "./answering-handler.ts";
import { clusterResource } from "../server/request-context.ts";
import { countNames } from "./count-names.ts";
import { errorAnswer, noErrorText } from "./error-answer.ts";

/* DescribeUserScramCredentials, version 0: who has credentials of which mechanism; never the credentials. */

type Response = Given<typeof describeUserScramCredentialsResponse>;

export function describeUserScramCredentialsHandler(
  image: MetadataImage,
): AnsweringHandler<DescribeUserScramCredentialsRequest, Response> {
  return {
    api: describeUserScramCredentialsApi,
    handle(context, { users }) {
      const throttleTimeMs = context.throttleMs;
      if (!context.authorize("DESCRIBE", clusterResource)) {
        const refused = errorAnswer("CLUSTER_AUTHORIZATION_FAILED");
        // Kafka names nobody here.
        const results = (users ?? []).map(() => ({ ...refused, user: "", credentialInfos: [] }));
        return { throttleTimeMs, ...refused, results };
      }
      const asked =
        users === null || users.length === 0
          ? [...image.scramCredentials.users()]
          : users.map(({ name }) => name);
      const counts = countNames(asked, (name) => name);
      const results = [...new Set(asked)].map((user) => ({
        user,
        ...describe(user, counts(user)),
      }));
      return { throttleTimeMs, ...noErrorText, results };
    },
  };

  function describe(user: string, count: number): Omit<Response["results"][number], "user"> {
    const credentialInfos = image.scramCredentials.of(user);
    if (count > 1)
      return {
        ...errorAnswer(
          "DUPLICATE_RESOURCE",
          `Cannot describe SCRAM credentials for the same user twice in a single request: ${user}`,
        ),
        credentialInfos: [],
      };
    return credentialInfos.length > 0
      ? { ...noErrorText, credentialInfos }
      : {
          ...errorAnswer(
            "RESOURCE_NOT_FOUND",
            `Attempt to describe a user credential that does not exist: ${user}`,
          ),
          credentialInfos,
        };
  }
}
