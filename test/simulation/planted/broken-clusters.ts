import type {
  BatchWriter,
  ClusterClient,
  GroupMembership,
  PartitionWriter,
} from "@millrace/cluster";
import { concatBytes, decodeUtf8 } from "@millrace/model";

import { delegate, withWriters } from "../processes/observe-commits.ts";

/** What it remembers is that of one seed, and of all instances. */
type BreakCluster = (cluster: ClusterClient, memory: PlantMemory) => ClusterClient;

export type PlantMemory = Map<string, Uint8Array>;

/** What was committed beside offsets, stream time above all, is not read again. */
export const withoutMetadata: BreakCluster = (cluster) =>
  delegate(cluster, {
    openMembership: (options) => {
      const membership = cluster.openMembership(options);
      return delegate(membership, offsetsAlone(membership));
    },
    openStreamsMembership: (options) => {
      const membership = cluster.openStreamsMembership(options);
      return delegate(membership, offsetsAlone(membership));
    },
  });

type Committed = Pick<GroupMembership, "committed">;

function offsetsAlone(membership: Committed): Committed {
  return {
    committed: async (partitions, signal) => {
      const committed = await membership.committed(partitions, signal);
      return committed.map((one) => ({ ...one, metadata: "" }));
    },
  };
}

/** What some changelogs hold is passed over when stores are restored. */
export function restoringNothing(topic: RegExp): BreakCluster {
  return (cluster) =>
    delegate(cluster, {
      openReader: (options) => {
        const reader = cluster.openReader(options);
        return delegate(reader, {
          poll: async (wait) => {
            const batches = await reader.poll(wait);
            return batches.map((batch) =>
              topic.test(batch.topic) ? delegate(batch, { next: () => false }) : batch,
            );
          },
        });
      },
    });
}

/** Deletes come into the changelogs of some stores under another key. */
export function losingTombstones(topic: RegExp): BreakCluster {
  return withAppends((append, writer) => (timestamp, key, value, headers) => {
    const isLost = key !== null && value === null && topic.test(writer.topic);
    return append(timestamp, isLost ? concatBytes(key, Uint8Array.of(0)) : key, value, headers);
  });
}

const hashBytes = 16;
const noHash = 0x80;

/** Each answer of a foreign-key join says that it is for the row as it is now: none is found to be stale. */
export const freshAnswers: BreakCluster = (cluster, latest) => {
  const change = withAppends((append, { topic }) => (timestamp, key, value, headers) => {
    if (key === null || value === null) return append(timestamp, key, value, headers);
    if (topic.includes("SUBSCRIPTION-REGISTRATION") && (value[0] & noHash) === 0)
      latest.set(decodeUtf8(value.subarray(2 + hashBytes, -4)), value.slice(2, 2 + hashBytes));
    const hash = latest.get(decodeUtf8(key));
    const isAnswer = topic.includes("SUBSCRIPTION-RESPONSE") && (value[0] & noHash) === 0;
    if (!isAnswer || hash === undefined) return append(timestamp, key, value, headers);
    const rest = value.subarray(1 + hashBytes);
    return append(timestamp, key, concatBytes(value.slice(0, 1), hash, rest), headers);
  });
  return change(cluster, latest);
};

/** A member that the group has forgotten is not told so, and commits as one that is in no generation, whom nothing fences. */
export const goingOnForgotten: BreakCluster = (cluster) =>
  withWriters(
    delegate(cluster, {
      openMembership: (options) => delegate(cluster.openMembership(options), { isMember: true }),
    }),
    (writer) =>
      delegate(writer, {
        sendOffsets: (offsets, { groupId }, signal) =>
          writer.sendOffsets(offsets, { groupId, ...noMember }, signal),
      }),
  );

const noMember = { generationId: -1, memberId: "", groupInstanceId: null };

const remembered = new Set<ClusterClient>();

/** Somebody remembers whoever was connected, ended or not. */
export const rememberingClients: BreakCluster = (cluster) => {
  remembered.add(cluster);
  return cluster;
};

type Append = PartitionWriter["append"];

function withAppends(change: (append: Append, writer: PartitionWriter) => Append): BreakCluster {
  return (cluster) =>
    withWriters(cluster, (writer): BatchWriter => {
      const changed = new Map<PartitionWriter, PartitionWriter>();
      return delegate(writer, {
        partition: (topic, partition) => {
          const own = writer.partition(topic, partition);
          const known = changed.get(own);
          if (known !== undefined) return known;
          const append = change((...record) => own.append(...record), own);
          const made = delegate(own, { append });
          changed.set(own, made);
          return made;
        },
      });
    });
}
