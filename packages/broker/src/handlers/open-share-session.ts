import type { ShareFetchRequest } from "@millrace/protocol/definitions";
import { errorCode } from "../coordinator/error-code.ts";
import {
  finalEpoch,
  initialEpoch,
  nextEpoch,
  placeKey,
  type SharedPlace,
  type ShareSession,
  updatePlaces,
} from "../delivery/share-session.ts";
import type { ShareSessions } from "../delivery/share-sessions.ts";

/** The session that a request begins, goes on with, or ends. */
export type OpenedShareSession =
  | { readonly kind: "initial" | "subsequent"; readonly session: ShareSession }
  | { readonly kind: "final" };

/** Gives an error code where there is no such session (Kafka: `SharePartitionManager.newContext`). */
export function openShareSession(
  sessions: ShareSessions,
  signal: AbortSignal,
  asked: {
    readonly groupId: string;
    readonly memberId: string;
    readonly request: ShareFetchRequest;
    readonly hasAcknowledgements: boolean;
  },
): OpenedShareSession | number {
  const { groupId, memberId, request, hasAcknowledgements } = asked;
  const { shareSessionEpoch, topics, forgottenTopicsData } = request;
  const known = sessions.get(groupId, memberId);
  if (shareSessionEpoch === finalEpoch)
    return known === undefined ? errorCode.shareSessionNotFound : { kind: "final" };
  const told = topics.flatMap(({ topicId, partitions }) =>
    partitions.map(({ partitionIndex }) => ({ topicId, partition: partitionIndex })),
  );
  if (shareSessionEpoch === initialEpoch) {
    if (hasAcknowledgements) return errorCode.invalidRequest;
    sessions.remove(groupId, memberId);
    const session = newSession(groupId, memberId, told);
    return sessions.add(session, signal)
      ? { kind: "initial", session }
      : errorCode.shareSessionLimitReached;
  }
  if (known === undefined) return errorCode.shareSessionNotFound;
  if (known.epoch !== shareSessionEpoch) return errorCode.invalidShareSessionEpoch;
  if (!sessions.hasRoomFor(told.length)) return errorCode.shareSessionLimitReached;
  const forgotten = forgottenTopicsData.flatMap(({ topicId, partitions }) =>
    partitions.map((partition) => ({ topicId, partition })),
  );
  updatePlaces(known, told, forgotten);
  known.epoch = nextEpoch(known.epoch);
  return { kind: "subsequent", session: known };
}

function newSession(groupId: string, memberId: string, told: readonly SharedPlace[]): ShareSession {
  const places = new Map(told.map((place) => [placeKey(place), { ...place, mustTell: false }]));
  return { groupId, memberId, epoch: nextEpoch(initialEpoch), places };
}
