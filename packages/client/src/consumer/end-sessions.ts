import { fetchApi } from "@millrace/protocol/definitions";

import type { ClientContext } from "../client-context.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import type { FetchSession } from "./fetch-session.ts";

/** Longest that a close waits for it: a broker that is not told drops sessions by itself, as others need their room. */
const waitMsMax = 250;

/**
 * Has brokers forget the sessions of a reader that is closed (Kafka: `AbstractFetch.maybeCloseFetchSessions`). They are
 * told by connections of their own: a fetch that waits for records would hold it up. Those to which no connection is open
 * are not told.
 *
 * @param used what the sessions were held by
 */
export async function endSessions(
  sessions: ReadonlyMap<number, FetchSession>,
  used: BrokerLane,
  context: ClientContext,
): Promise<void> {
  const open = [...sessions].filter(([nodeId, { id }]) => id !== 0 && used.isReady(nodeId));
  if (open.length === 0) return;
  const lane = context.openLane();
  const timer = context.platform.timers.after(waitMsMax, () => lane.close());
  await Promise.allSettled(
    open.map(async ([nodeId, { id }]) => {
      await lane.link(nodeId).call({
        api: fetchApi,
        versionMax: 17,
        body: () => ({ ...nothing, sessionId: id, sessionEpoch: -1 }),
      });
    }),
  );
  timer.cancel();
  lane.close();
}

const nothing = {
  replicaId: -1,
  maxWaitMs: 0,
  minBytes: 0,
  maxBytes: 1,
  isolationLevel: 0,
  topics: [],
  forgottenTopicsData: [],
} as const;
