import type { fetchRequest, Given } from "@millrace/protocol";
import { isolationId, type IsolationLevel } from "../admin/list-offsets.ts";
import type { SessionRequest } from "./fetch-session.ts";

export interface FetchLimits {
  readonly isolation: IsolationLevel;
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly partitionBytesMax: number;
}

/** The request of a session, in the words of a version. */
export function fetchRequestBody(
  request: SessionRequest,
  { isolation, maxWaitMs, maxBytes, partitionBytesMax }: FetchLimits,
): (version: number) => Given<typeof fetchRequest> {
  const { sessionId, sessionEpoch, changed, forgotten } = request;
  return (version) => ({
    maxWaitMs,
    minBytes: 1,
    maxBytes,
    isolationLevel: isolationId(isolation),
    sessionId: version >= 7 ? sessionId : 0,
    sessionEpoch: version >= 7 ? sessionEpoch : -1,
    topics: [...Map.groupBy(changed, ({ fetch }) => fetch.topic)].map(([topic, own]) => ({
      ...(version >= 13 ? { topicId: own[0].fetch.topicId } : { topic }),
      partitions: own.map(({ fetch, leaderEpoch }) => ({
        partition: fetch.partition,
        currentLeaderEpoch: leaderEpoch,
        fetchOffset: fetch.fetchOffset,
        ...(version >= 12 ? { lastFetchedEpoch: fetch.lastFetchedEpoch } : {}),
        partitionMaxBytes: partitionBytesMax,
      })),
    })),
    ...(version >= 7
      ? {
          forgottenTopicsData: [...Map.groupBy(forgotten, ({ topic }) => topic)].map(
            ([topic, own]) => ({
              ...(version >= 13 ? { topicId: own[0].topicId } : { topic }),
              partitions: own.map(({ partition }) => partition),
            }),
          ),
        }
      : {}),
  });
}
