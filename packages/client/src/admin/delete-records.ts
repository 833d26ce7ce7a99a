import type { Offset, TopicPartition } from "@millrace/model";
import { deleteRecordsApi } from "@millrace/protocol/definitions";
import { deletionOffsets } from "../argument-kinds.ts";
import { checkArguments } from "../arguments.ts";
import type { ClientContext } from "../client-context.ts";
import type { BrokerLane, LaneLink } from "../connection/broker-lane.ts";
import { throwIfError } from "../connection/cluster-error-of.ts";
import { groupByLeader } from "./list-offsets.ts";

type DeletionOffset = TopicPartition & { readonly offset: Offset };

/** Asks the leaders to delete what is below the offsets. */
export async function deleteRecords(
  context: ClientContext,
  lane: BrokerLane,
  offsets: readonly DeletionOffset[],
  signal?: AbortSignal,
): Promise<void> {
  checkArguments("admin.deleteRecords", { offsets: [deletionOffsets, offsets] }, signal);
  if (offsets.length === 0) return;
  await context.retry("DeleteRecords", { signal }, async (timeoutMs) => {
    await context.knowPartitions(offsets, { signal, timeoutMs });
    try {
      for (const [leaderId, own] of groupByLeader(context, offsets))
        await deleteAt(context, lane.link(leaderId), own);
    } catch (error) {
      await context.metadata.refresh();
      throw error;
    }
  });
}

async function deleteAt(
  { options }: ClientContext,
  link: LaneLink,
  offsets: readonly DeletionOffset[],
): Promise<void> {
  const answer = await link.call({
    api: deleteRecordsApi,
    body: () => ({
      topics: [...Map.groupBy(offsets, ({ topic }) => topic)].map(([name, partitions]) => ({
        name,
        partitions: partitions.map(({ partition, offset }) => ({
          partitionIndex: partition,
          offset,
        })),
      })),
      timeoutMs: options.requestTimeoutMs,
    }),
  });
  for (const { partitions } of answer.topics)
    for (const { errorCode } of partitions) throwIfError(errorCode);
}
