import type { BatchReaderOptions, BatchWriter, ClusterClient } from "@millrace/cluster";
import { StreamTask } from "@millrace/streams";

import { delegate, withWriters } from "../processes/observe-commits.ts";

type BreakCluster = (cluster: ClusterClient) => ClusterClient;
type SendOffsets = BatchWriter["sendOffsets"];

const isChangelog = (topic: string): boolean => topic.endsWith("-changelog");
/** A record, and the marker of its transaction. */
const lastCommitOffsets = 2;

/** What changelogs hold ends before the last record that is committed there. */
export const restoringTooLittle: BreakCluster = (cluster) =>
  delegate(cluster, {
    admin: delegate(cluster.admin, {
      listOffsets: async (wanted, options) => {
        const found = await cluster.admin.listOffsets(wanted, options);
        return found.map((one, index) => ({
          ...one,
          offset:
            isChangelog(one.topic) && wanted[index].at === "latest"
              ? Math.max(0, one.offset - lastCommitOffsets)
              : one.offset,
        }));
      },
    }),
  });

/** A commit is without one of the partitions. */
export const committingAllButOne = sendingOffsets((offsets) =>
  offsets.length > 1 ? offsets.slice(1) : offsets,
);

/** A commit covers a record that comes next. */
export const committingAhead = sendingOffsets((offsets) =>
  offsets.map((one) => ({ ...one, offset: one.offset + 1 })),
);

function sendingOffsets(
  change: (offsets: Parameters<SendOffsets>[0]) => Parameters<SendOffsets>[0],
): BreakCluster {
  return (cluster) =>
    withWriters(cluster, (writer) =>
      delegate(writer, {
        sendOffsets: (offsets, group, signal) => writer.sendOffsets(change(offsets), group, signal),
      }),
    );
}

/** What is written while a transaction ends becomes part of it, while its offsets are those of before. */
export const notDividing: BreakCluster = (cluster) =>
  withWriters(cluster, (writer) => delegate(writer, { divide: () => {} }));

/** Inputs are read as they lie there, aborted records among them. */
export const readingUncommittedInputs = reading((count) => count % 2 === 0);

/** Stores are restored, and followed, from changelogs as they lie there. */
export const restoringUncommitted = reading((count) => count % 2 === 1);

/** A loop opens its readers in pairs: of inputs, and of changelogs. */
function reading(isUncommitted: (count: number) => boolean): BreakCluster {
  return (cluster) => {
    let count = 0;
    const openReader = (options: BatchReaderOptions) =>
      cluster.openReader(
        isUncommitted(count++) ? { ...options, isolation: "read_uncommitted" } : options,
      );
    return delegate(cluster, { openReader });
  };
}

/** Now and then a write of a store does not come into its changelog. */
export const losingChanges: BreakCluster = (cluster) => {
  let count = 0;
  return withWriters(cluster, (writer) =>
    delegate(writer, {
      partition: (topic, partition) => {
        const own = writer.partition(topic, partition);
        if (!isChangelog(topic)) return own;
        const append: typeof own.append = (...record) =>
          ++count % 7 === 0 ? true : own.append(...record);
        return delegate(own, { append });
      },
    }),
  );
};

/** A commit leaves in the caches what is there. */
export function leavingCaches(): Disposable {
  return replace(StreamTask.prototype, "flush", () => true);
}

function replace<Target extends object, Name extends keyof Target>(
  target: Target,
  name: Name,
  value: Target[Name],
): Disposable {
  const before = target[name];
  target[name] = value;
  return { [Symbol.dispose]: () => void (target[name] = before) };
}
