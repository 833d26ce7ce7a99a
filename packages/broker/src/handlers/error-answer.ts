import { errorCodeOf, type ErrorName } from "@millrace/protocol";

/** A code and a text, as most admin responses carry them. */
export interface ErrorAnswer {
  readonly errorCode: number;
  readonly errorMessage: string | null;
}

export const noError: ErrorAnswer = Object.freeze({ errorCode: 0, errorMessage: null });

/** Where Kafka tells an empty text of what went well. */
export const noErrorText: ErrorAnswer = Object.freeze({ errorCode: 0, errorMessage: "" });

export const clusterRefused: ErrorAnswer = Object.freeze({
  errorCode: errorCodeOf("CLUSTER_AUTHORIZATION_FAILED"),
  errorMessage: "Cluster authorization failed.",
});

export const groupRefused: ErrorAnswer = Object.freeze({
  errorCode: errorCodeOf("GROUP_AUTHORIZATION_FAILED"),
  errorMessage: "Group authorization failed.",
});

export const topicRefused: ErrorAnswer = Object.freeze({
  errorCode: errorCodeOf("TOPIC_AUTHORIZATION_FAILED"),
  errorMessage: "Topic authorization failed.",
});

/** The client's `controller_mutation_rate` is used up. */
export const mutationsThrottled: ErrorAnswer = Object.freeze({
  errorCode: errorCodeOf("THROTTLING_QUOTA_EXCEEDED"),
  errorMessage: "The throttling quota has been exceeded.",
});

export function errorAnswer(name: ErrorName, errorMessage: string | null = null): ErrorAnswer {
  return { errorCode: errorCodeOf(name), errorMessage };
}
