import type { OffsetAndMetadata } from "@millrace/cluster";
import type { TopicPartition } from "@millrace/model";
import { abortable } from "@millrace/platform";
import { KafkaError } from "@millrace/protocol";
import {
  offsetCommitApi,
  offsetFetchApi,
  type OffsetCommitRequest,
  type OffsetFetchResponse,
} from "@millrace/protocol/definitions";

import type { ClientContext } from "../client-context.ts";
import { callCoordinator, type Coordinated } from "../metadata/coordinator-calls.ts";

/** Who commits; a generation of -1 for somebody outside of the group. */
export interface Committer {
  readonly generationId: number;
  readonly memberId: string;
  readonly groupInstanceId: string | null;
}

/** The offsets of one group at its coordinator. */
export class CommittedOffsets {
  readonly #context: ClientContext;
  readonly #coordinated: Coordinated;
  /** Resolves once no commit is under way. */
  #settled: Promise<unknown> = Promise.resolve();

  constructor(context: ClientContext, coordinated: Coordinated) {
    this.#context = context;
    this.#coordinated = coordinated;
  }

  /**
   * Offsets that no open transaction may still change; waits for those that are pending.
   *
   * @param partitions null: all that the group has
   */
  async fetch(
    partitions: readonly TopicPartition[] | null,
    signal?: AbortSignal,
  ): Promise<readonly OffsetAndMetadata[]> {
    if (partitions !== null && partitions.length === 0) return [];
    const groupId = this.#coordinated.key;
    const topics =
      partitions === null
        ? null
        : groupByTopic(partitions, ({ partition }) => partition).map(({ name, rows }) => ({
            name,
            partitionIndexes: rows,
          }));
    const { answer } = await callCoordinator(
      this.#context,
      this.#coordinated,
      {
        api: offsetFetchApi,
        versionMax: 9,
        body: (version) =>
          version >= 8
            ? { groups: [{ groupId, topics }], requireStable: true }
            : { groupId, topics, ...(version >= 7 ? { requireStable: true } : {}) },
        errorsOf: fetchErrors,
      },
      { signal },
    );
    return readOffsets(answer);
  }

  /**
   * One after the other, in the order of the calls: of two that are under way the first one may be tried again once
   * the second one counts, and would take the group back.
   *
   * @throws ClusterError `COMMIT_FENCED`: the partitions belong to somebody else now
   */
  async commit(
    offsets: readonly OffsetAndMetadata[],
    committer: Committer,
    signal?: AbortSignal,
  ): Promise<void> {
    if (offsets.length === 0) return;
    const before = this.#settled;
    const committing = abortable(before, signal).then(() =>
      this.#commit(offsets, committer, signal),
    );
    // Without the outcomes, each of which would hold those before it.
    this.#settled = Promise.allSettled([before, committing]).then(() => {});
    await committing;
  }

  async #commit(
    offsets: readonly OffsetAndMetadata[],
    committer: Committer,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const topics = groupByTopic(offsets, commitRow).map(({ name, rows }) => ({
      name,
      partitions: rows,
    }));
    await callCoordinator(
      this.#context,
      this.#coordinated,
      {
        api: offsetCommitApi,
        versionMax: 9,
        body: (version) => ({
          groupId: this.#coordinated.key,
          generationIdOrMemberEpoch: committer.generationId,
          memberId: committer.memberId,
          ...(version >= 7 ? { groupInstanceId: committer.groupInstanceId } : {}),
          topics,
        }),
        errorsOf: (answer) =>
          answer.topics.flatMap((topic) =>
            topic.partitions.map(({ errorCode }) => fenced(errorCode)),
          ),
      },
      { signal },
    );
  }
}

/** A rebalance fences a commit as a new generation does: asking again would not help. */
function fenced(errorCode: number): number {
  return errorCode === rebalanceInProgress ? illegalGeneration : errorCode;
}

const rebalanceInProgress = new KafkaError("REBALANCE_IN_PROGRESS").errorCode;
const illegalGeneration = new KafkaError("ILLEGAL_GENERATION").errorCode;

function fetchErrors({ groups, topics, errorCode }: OffsetFetchResponse): readonly number[] {
  const rows = [...groups.flatMap((group) => group.topics), ...topics];
  return [
    errorCode,
    ...groups.map((group) => group.errorCode),
    ...rows.flatMap((topic) => topic.partitions.map((row) => row.errorCode)),
  ];
}

function readOffsets({ groups, topics }: OffsetFetchResponse): readonly OffsetAndMetadata[] {
  const offsets: OffsetAndMetadata[] = [];
  for (const { name, partitions } of [...groups.flatMap((group) => group.topics), ...topics]) {
    for (const row of partitions) {
      if (row.committedOffset < 0) continue;
      offsets.push({
        topic: name,
        partition: row.partitionIndex,
        offset: row.committedOffset,
        leaderEpoch: row.committedLeaderEpoch,
        metadata: row.metadata ?? "",
      });
    }
  }
  return offsets;
}

function commitRow({
  partition,
  offset,
  leaderEpoch,
  metadata,
}: OffsetAndMetadata): OffsetCommitRequest["topics"][number]["partitions"][number] {
  return {
    partitionIndex: partition,
    committedOffset: offset,
    committedLeaderEpoch: leaderEpoch ?? -1,
    committedMetadata: metadata ?? "",
  };
}

function groupByTopic<Given extends TopicPartition, Row>(
  partitions: readonly Given[],
  rowOf: (partition: Given) => Row,
): { readonly name: string; readonly rows: Row[] }[] {
  const topics = new Map<string, Row[]>();
  for (const partition of partitions) {
    const rows = topics.get(partition.topic);
    if (rows === undefined) topics.set(partition.topic, [rowOf(partition)]);
    else rows.push(rowOf(partition));
  }
  return [...topics].map(([name, rows]) => ({ name, rows }));
}
