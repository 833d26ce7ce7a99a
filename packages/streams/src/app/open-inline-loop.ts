import type { BatchReader, ClusterClient } from "@millrace/cluster";
import { GuardedTracing, withFields, type Platform } from "@millrace/platform";

import { taskIdText } from "../processor/task-id.ts";
import { runsNow, type TaskOffsetSum } from "../runtime/assignment/subscription-info.ts";
import type { LoopEnvironment } from "../runtime/loop-environment.ts";
import { PatternTopics } from "../runtime/pattern-topics.ts";
import { snapshotTasks } from "../runtime/snapshots/snapshot-tasks.ts";
import type { StateSource } from "../runtime/snapshots/state-source.ts";
import { StreamLoop } from "../runtime/stream-loop.ts";
import { InlineLoop } from "./inline-loop.ts";
import { openGroup } from "./open-group.ts";
import type { ProcessParts } from "./process-parts.ts";
import type { ResolvedStreamsOptions } from "./resolved-options.ts";
import { openSnapshotStore } from "./open-snapshot-store.ts";
import { threadIdOf } from "./thread-id.ts";

/** A loop on the caller's own thread: a member of the group, with readers and a writer of its own. */
export function openInlineLoop(shares: ProcessParts, number: number): InlineLoop {
  const { topology, options, processId, directory, claims, shared, states } = shares;
  const { cluster, engines, gone } = shares.environment;
  const { applicationId } = options;
  const threadId = threadIdOf(shares, number);
  const platform = loggingAs(threadId, shares.environment.platform);
  const subtopologies = topology.subtopologies(applicationId);
  const patterns = new PatternTopics(subtopologies);
  const { fingerprint } = shared.global.config;
  const { membership, assignments, endApplication } = openGroup({
    platform,
    cluster,
    options,
    directory,
    processId,
    loopNumber: number,
    subtopologies,
    fingerprint,
    patterns,
    taskOffsetSums: () => [...heldBy(loop), ...(directory?.idleTasks(number) ?? [])],
  });
  assignments.onNews(() => shares.tellNews(number));
  const [reader, restoreReader] = openReaders(cluster, options);
  const environment: LoopEnvironment = {
    ...shared.global,
    platform,
    engines,
    stateFrom: stateSourceOf(shares),
    cache: shared.cacheOf(number),
    config: {
      ...options,
      fingerprint,
      transactionalId: `${applicationId}-${processId}-${number}`,
      threadId,
    },
    speaksForAll: number === 1,
    tellState: (reached) => states.tell(number, reached),
    tellRestore: shares.tellRestore,
    released: shares.released,
    taps: shares.taps,
    gone,
    globalStores: shares.global,
    subtopologies,
    patterns,
    assignments,
    reader,
    restoreReader,
    topicIds: directory?.topicIds,
    taskDirectory: (taskId) => directory?.taskDirectory(taskId) ?? taskIdText(taskId),
    claimTask: (taskId) => claims.claim(taskId),
    tracing:
      options.tracing &&
      new GuardedTracing(options.tracing.openLoop({ applicationId, threadId }), platform.logger),
    isPaused: shares.isPaused,
  };
  const loop: StreamLoop = new StreamLoop(environment);
  const snapshot = snapshotsOf(loop, environment, shares);
  const parts = { threadId, loop, membership, assignments, endApplication, snapshot };
  return new InlineLoop({ ...parts, readers: [reader, restoreReader] });
}

function snapshotsOf(
  loop: StreamLoop,
  environment: LoopEnvironment,
  shares: ProcessParts,
): InlineLoop["snapshot"] {
  return async ({ to, ...order }) =>
    snapshotTasks(loop.activeTasks, environment, {
      ...order,
      to: openSnapshotStore(to, shares.environment),
    });
}

function stateSourceOf({
  options: { stateFrom, stateFromAgeMsMax },
  environment,
}: ProcessParts): StateSource | undefined {
  if (stateFrom === undefined) return undefined;
  return { from: openSnapshotStore(stateFrom, environment), ageMsMax: stateFromAgeMsMax };
}

function loggingAs(thread: string, platform: Platform): Platform {
  return { ...platform, logger: withFields(platform.logger, { thread }) };
}

/** What a fetch brings of a partition: up to three times as much lies ahead, of each input, which is work for a while. */
const inputBytesMax = 512 * 1024;

function openReaders(
  cluster: ClusterClient,
  { isExactlyOnce }: ResolvedStreamsOptions,
): readonly [inputs: BatchReader, changelogs: BatchReader] {
  const changelogs = "read_committed";
  const inputs = isExactlyOnce ? changelogs : "read_uncommitted";
  return [
    cluster.openReader({ isolation: inputs, partitionBytesMax: inputBytesMax }),
    cluster.openReader({ isolation: changelogs }),
  ];
}

/**
 * What a loop tells the leader (Kafka: `TaskManager.getTaskOffsetSums`): the tasks that it runs, and how much it has of
 * those that it restores, or follows.
 */
function heldBy(loop: StreamLoop): readonly TaskOffsetSum[] {
  const running = loop.activeTasks.map(({ taskId }) => ({ taskId, offsetSum: runsNow }));
  return [...running, ...loop.updater.offsetSums];
}
