import type { GroupMetadata } from "@millrace/cluster";
import { abortable } from "@millrace/platform";
import { leaveGroupApi } from "@millrace/protocol/definitions";

import type { ClientContext } from "../client-context.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { signalAfter } from "../signal-after.ts";

/** Tells the group that a member is gone. Never rejects: its session ends by itself, and others take over then. */
export async function leaveGroup(
  context: ClientContext,
  lane: BrokerLane,
  { groupId, memberId, groupInstanceId }: GroupMetadata,
  timeoutMs: number,
): Promise<void> {
  const timeout = signalAfter(
    context.platform,
    timeoutMs,
    () => new Error("leaving takes too long"),
  );
  const tell = async (): Promise<void> => {
    const nodeId = await context.coordinators.find("group", groupId);
    await lane.link(nodeId).call({
      api: leaveGroupApi,
      body: (version) =>
        version >= 3
          ? { groupId, members: [{ memberId, groupInstanceId }] }
          : { groupId, memberId },
    });
  };
  try {
    await abortable(tell(), timeout.signal);
  } catch (error) {
    context.platform.logger.log("info", "client.leave-group-failed", {
      groupId,
      cause: String(error),
    });
  } finally {
    timeout.cancel();
  }
}
