import type { TopicPartition } from "@millrace/model";
import { describeLogDirsApi } from "@millrace/protocol/definitions";

import { checkArguments } from "../arguments.ts";
import type { ClientContext } from "../client-context.ts";
import type { BrokerLane } from "../connection/broker-lane.ts";
import { throwIfError } from "../connection/cluster-error-of.ts";
import { askUntilAnswered } from "./ask-any.ts";

/** A folder of a broker that holds partitions (Kafka: `LogDirDescription`). */
export interface LogDirectoryDescription {
  readonly nodeId: number;
  readonly path: string;
  /** Of its device; undefined on clusters before Kafka 3.3. */
  readonly totalBytes: number | undefined;
  readonly usableBytes: number | undefined;
  readonly partitions: readonly (TopicPartition & {
    readonly sizeBytes: number;
    /** Records that it lacks. */
    readonly offsetLag: number;
    /** It is about to take the place of the one in another folder. */
    readonly isFuture: boolean;
  })[];
}

/** Asks every broker. */
export async function describeLogDirectories(
  context: ClientContext,
  lane: BrokerLane,
  signal?: AbortSignal,
): Promise<readonly LogDirectoryDescription[]> {
  checkArguments("admin.describeLogDirectories", {}, signal);
  await context.retry("metadata", { signal }, () => context.metadata.refresh());
  const all = [...context.metadata.brokers.keys()].map(async (nodeId) => {
    const answer = await askUntilAnswered(context, {
      api: describeLogDirsApi,
      link: () => lane.link(nodeId),
      signal,
      body: () => ({ topics: null }),
      errorsOf: (whole) => [{ errorCode: whole.errorCode ?? 0 }],
    });
    return answer.results.map(({ errorCode, logDir: path, topics, totalBytes, usableBytes }) => {
      throwIfError(errorCode);
      const partitions = topics.flatMap(({ name: topic, partitions: own }) =>
        own.map((one) => ({
          topic,
          partition: one.partitionIndex,
          sizeBytes: one.partitionSize,
          offsetLag: one.offsetLag,
          isFuture: one.isFutureKey,
        })),
      );
      const known = (bytes: number | undefined) => (bytes === -1 ? undefined : bytes);
      return {
        nodeId,
        path,
        totalBytes: known(totalBytes),
        usableBytes: known(usableBytes),
        partitions,
      };
    });
  });
  return (await Promise.all(all)).flat();
}
