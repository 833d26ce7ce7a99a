import { errorCode } from "../coordinator/error-code.ts";
import type { MetadataImage } from "../metadata/metadata-image.ts";
import { type RequestContext, topicResource } from "../server/request-context.ts";
import { type AcknowledgementBatch, acknowledgeType } from "../delivery/partition/acknowledge.ts";
import type { ShareDeliveries } from "../delivery/share-deliveries.ts";
import type { SharedPlace } from "../delivery/share-session.ts";
import type { ErrorAnswer } from "./error-answer.ts";

/** What a member tells of its records, by partition. */
export interface AcknowledgedTopic {
  readonly topicId: string;
  readonly partitions: readonly {
    readonly partitionIndex: number;
    readonly acknowledgementBatches: readonly AcknowledgementBatch[];
  }[];
}

/** What became of it; of a partition without batches nothing is told unless it is refused. */
export interface Acknowledged extends SharedPlace, ErrorAnswer {}

export interface AcknowledgeWorld {
  readonly deliveries: ShareDeliveries;
  readonly image: MetadataImage;
  readonly context: RequestContext;
}

export interface Acknowledgements {
  readonly groupId: string;
  readonly memberId: string;
  readonly topics: readonly AcknowledgedTopic[];
  /** Locks may be renewed. */
  readonly isRenewAck: boolean;
}

/** Takes what a member tells, each partition by itself. */
export async function takeAcknowledgements(
  world: AcknowledgeWorld,
  told: Acknowledgements,
): Promise<readonly Acknowledged[]> {
  const all = told.topics.flatMap(({ topicId, partitions }) =>
    partitions.map((partition) => ({ topicId, ...partition })),
  );
  const taken = await world.context.turns.map(all, async (one) => {
    const { topicId, partitionIndex, acknowledgementBatches: batches } = one;
    const place = { topicId, partition: partitionIndex };
    const answer = await takeOne(world, told, { place, batches });
    return { ...place, ...answer, isEmpty: batches.length === 0 };
  });
  const results = await Promise.all(taken);
  // Where nothing at all is told, nothing is answered.
  const isAnyTold = results.some(({ isEmpty, errorCode: code }) => !isEmpty && code >= 0);
  return results
    .filter(({ isEmpty, errorCode: code }) => isAnyTold || !isEmpty || code !== errorCode.none)
    .map(({ topicId, partition, errorCode: code, errorMessage }) => ({
      topicId,
      partition,
      errorCode: code,
      errorMessage,
    }));
}

async function takeOne(
  { deliveries, image, context }: AcknowledgeWorld,
  { groupId, memberId, isRenewAck }: Acknowledgements,
  told: { readonly place: SharedPlace; readonly batches: readonly AcknowledgementBatch[] },
): Promise<ErrorAnswer> {
  const { place, batches } = told;
  const topic = image.topicName(place.topicId);
  if (topic === undefined) return refused(errorCode.unknownTopicId);
  if (!areValid(batches, { isRenewAck, knowsRenewal: context.apiVersion >= 2 }))
    return refused(errorCode.invalidRequest);
  if (!context.authorize("READ", topicResource(topic)))
    return refused(errorCode.topicAuthorizationFailed);
  if (place.partition < 0 || place.partition >= (image.partitionCount(topic) ?? 0))
    return refused(errorCode.unknownTopicOrPartition);
  if (batches.length === 0) return refused(errorCode.none);
  const outcome = await deliveries.acknowledge({ groupId, ...place }, memberId, batches);
  return outcome ?? refused(errorCode.none);
}

function refused(code: number): ErrorAnswer {
  return { errorCode: code, errorMessage: null };
}

/** In order, each with one type for all or one for each record, and of types that the version has. */
function areValid(
  batches: readonly AcknowledgementBatch[],
  { isRenewAck, knowsRenewal }: { readonly isRenewAck: boolean; readonly knowsRenewal: boolean },
): boolean {
  const highest = knowsRenewal && isRenewAck ? acknowledgeType.renew : acknowledgeType.reject;
  let previousLast = -1;
  for (const { firstOffset, lastOffset, acknowledgeTypes } of batches) {
    const count = acknowledgeTypes.length;
    if (firstOffset > lastOffset || firstOffset < previousLast || count === 0) return false;
    if (count > 1 && lastOffset - firstOffset !== count - 1) return false;
    if (acknowledgeTypes.some((type) => type < 0 || type > highest)) return false;
    previousLast = lastOffset;
  }
  return true;
}
