import { KafkaError, type Fields } from "@millrace/protocol";
import type { ClientContext, RetryLimits } from "../client-context.ts";
import type { Answer, ApiCall } from "../connection/api-call.ts";
import type { BrokerLane, LaneLink } from "../connection/broker-lane.ts";
import { RequestFailure } from "../connection/request-failure.ts";
import type { CoordinatorKind } from "./coordinators.ts";

/** One coordinator, wherever it is at the moment, over one lane. */
export interface Coordinated {
  readonly kind: CoordinatorKind;
  readonly key: string;
  readonly lane: BrokerLane;
}

export interface CoordinatorCall<Q extends Fields, A extends Fields> extends ApiCall<Q, A> {
  /** Errors in an answer; those that may be retried are, the others are thrown. */
  readonly errorsOf: (answer: Answer<A>) => Iterable<number>;
  /** Errors that the caller reads itself from the answer. */
  readonly isHandled?: (error: KafkaError) => boolean;
}

/** The link to the coordinator, found if need be. One attempt. */
export async function coordinatorLink(
  context: ClientContext,
  { kind, key, lane }: Coordinated,
): Promise<LaneLink> {
  return lane.link(await context.coordinators.find(kind, key));
}

/**
 * Asks a coordinator, and asks on while it moves, loads, or does not answer. Gives the answer, and
 * whether a request was lost on the way, so that it may have had its effect twice.
 *
 * @throws KafkaError, in the words of the port where it has one, for what retrying does not mend
 */
export async function callCoordinator<Q extends Fields, A extends Fields>(
  context: ClientContext,
  coordinated: Coordinated,
  call: CoordinatorCall<Q, A>,
  limits: RetryLimits = {},
): Promise<{ readonly answer: Answer<A>; readonly wasLost: boolean }> {
  const { coordinators } = context;
  const { kind, key } = coordinated;
  let wasLost = false;
  const attempt = async () => {
    const link = await coordinatorLink(context, coordinated);
    const answer = await link.call(call);
    for (const errorCode of call.errorsOf(answer)) {
      if (errorCode === 0) continue;
      const error = KafkaError.of(errorCode);
      if (call.isHandled?.(error) !== true) throw error;
    }
    return answer;
  };
  const answer = await context.retry(
    `${call.api.name} of ${kind} ${key}`,
    {
      ...limits,
      onRetry: (error) => {
        if (error instanceof RequestFailure && error.wasSent) wasLost = true;
        coordinators.forgetAfter(kind, key, error);
        limits.onRetry?.(error);
      },
    },
    attempt,
  );
  return { answer, wasLost };
}
