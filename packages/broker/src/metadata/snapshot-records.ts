import type { MetadataImage } from "./metadata-image.ts";
import type { MetadataRecord, MetadataRecordKind } from "./metadata-record.ts";
import { partsOf } from "./client-quotas.ts";
import { newPartition } from "./plan-topic.ts";
import { resourceTypes } from "./resource-configs.ts";
import type { TopicImage } from "./topic-image.ts";

type Part = (image: MetadataImage) => Iterable<MetadataRecord>;

/** Of each kind the records that make what it has left in an image; undefined: what another kind has made is gone. */
const parts: Readonly<Record<MetadataRecordKind, Part | undefined>> = {
  featureLevel: ({ features }) =>
    each(features, ([name, featureLevel]) => [
      { kind: "featureLevel", value: { name, featureLevel } },
    ]),
  registerBroker: ({ registration, directoryId }) =>
    each(registration === undefined ? [] : [registration], (value) => [
      {
        kind: "registerBroker",
        value: { ...value, logDirs: directoryId === undefined ? [] : [directoryId] },
      },
    ]),
  topic: (image) => {
    const { nodeId, leaderEpoch } = leaderOf(image);
    return each(image.topics(), (topic) => recordsOfTopic(topic, nodeId, leaderEpoch));
  },
  partition: undefined,
  removeTopic: undefined,
  config: ({ configs }) => each(configs.all(), (value) => [{ kind: "config", value }]),
  clientQuota: ({ clientQuotas }) =>
    each(quotaValues(clientQuotas.all()), (value) => [{ kind: "clientQuota", value }]),
  producerIds: (image) => {
    const { nodeId: brokerId } = leaderOf(image);
    const { nextProducerId } = image;
    return nextProducerId === 0
      ? []
      : [{ kind: "producerIds", value: { brokerId, nextProducerId } }];
  },
  userScramCredential: ({ scramCredentials }) =>
    each(
      [...scramCredentials.users()].flatMap((user) => scramCredentials.of(user)),
      (value) => [{ kind: "userScramCredential", value }],
    ),
  removeUserScramCredential: undefined,
  accessControlEntry: ({ accessControl }) =>
    each(accessControl.all(), (value) => [{ kind: "accessControlEntry", value }]),
  removeAccessControlEntry: undefined,
  delegationToken: ({ delegationTokens }) =>
    each(delegationTokens.all(), (value) => [{ kind: "delegationToken", value }]),
  removeDelegationToken: undefined,
};

/**
 * Records whose fold is the image (Kafka: `MetadataImage.write`). What there is, is taken down at once; the records are made as
 * they are asked for, and what happens to the image meanwhile is not among them.
 */
export function snapshotRecords(image: MetadataImage): Iterable<MetadataRecord> {
  const taken = Object.values(parts).map((part) => part?.(image) ?? []);
  return each(taken, (records) => records);
}

function each<Item>(
  items: Iterable<Item>,
  recordsOf: (item: Item) => Iterable<MetadataRecord>,
): Iterable<MetadataRecord> {
  const taken = [...items];
  return {
    *[Symbol.iterator]() {
      for (const item of taken) yield* recordsOf(item);
    },
  };
}

/** One broker leads all, and its epoch is the number of its start. */
function leaderOf({ registration, starts }: MetadataImage) {
  return { nodeId: registration?.brokerId ?? 1, leaderEpoch: Math.max(0, starts - 1) };
}

function* recordsOfTopic(
  { name, topicId, properties, partitionCount }: TopicImage,
  nodeId: number,
  leaderEpoch: number,
): Generator<MetadataRecord> {
  yield { kind: "topic", value: { name, topicId } };
  for (const [property, value] of properties)
    yield {
      kind: "config",
      value: {
        resourceType: resourceTypes.TOPIC,
        resourceName: name,
        name: property,
        value,
      },
    };
  for (let partition = 0; partition < partitionCount; partition++)
    yield newPartition(nodeId, leaderEpoch, topicId, partition);
}

function* quotaValues(all: ReturnType<MetadataImage["clientQuotas"]["all"]>) {
  for (const { entity, values } of all)
    for (const [key, value] of values) yield { entity: partsOf(entity), key, value, remove: false };
}
