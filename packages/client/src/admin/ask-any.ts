import { KafkaError, type Fields } from "@millrace/protocol";

import type { ClientContext } from "../client-context.ts";
import type { Answer, ApiCall } from "../connection/api-call.ts";
import type { LaneLink } from "../connection/broker-lane.ts";

/** Of the whole answer, or of one part of it. */
export interface ErrorRow {
  readonly errorCode: number;
  readonly errorMessage?: string | null;
}

export interface AdminCall<Q extends Fields, A extends Fields> extends ApiCall<Q, A> {
  /** Whom to ask, within so long. */
  readonly link: (timeoutMs: number) => Promise<LaneLink> | LaneLink;
  readonly signal?: AbortSignal | undefined;
  /** The first error among these is thrown; it is asked again where it may pass. */
  readonly errorsOf: (answer: Answer<A>) => Iterable<ErrorRow>;
}

/**
 * Asks again while the cluster says that this may help; not of a topic that it does not know: who names one that is not
 * there is told at once.
 *
 * @throws KafkaError, in the cluster's words
 */
export async function askUntilAnswered<Q extends Fields, A extends Fields>(
  context: ClientContext,
  { link, signal, errorsOf, ...call }: AdminCall<Q, A>,
): Promise<Answer<A>> {
  const outcome = await context.retry(call.api.name, { signal }, async (timeoutMs) => {
    const answer = await (await link(timeoutMs)).call(call);
    for (const { errorCode, errorMessage } of errorsOf(answer)) {
      if (errorCode === 0) continue;
      const error = KafkaError.of(errorCode, errorMessage);
      if (error.code === "UNKNOWN_TOPIC_OR_PARTITION") return { error };
      throw error;
    }
    return { answer };
  });
  if (outcome.error !== undefined) throw outcome.error;
  return outcome.answer;
}
