import type { BatchWriter, BatchWriterOptions } from "@millrace/cluster";
import { encodeUtf8, noHeaders } from "@millrace/model";
import { memoryPlatform } from "@millrace/platform/memory";
import {
  addOffsetsToTxnApi,
  addPartitionsToTxnApi,
  endTxnApi,
  findCoordinatorApi,
  initProducerIdApi,
  produceApi,
  txnOffsetCommitApi,
} from "@millrace/protocol/definitions";
import { addressName } from "../src/connection/bootstrap-servers.ts";
import { connect, type KafkaClient } from "../src/kafka-client.ts";
import { ProducerLog } from "./producer-log.ts";
import { ScriptedBroker, scriptedCluster, type ScriptedCluster } from "./scripted-broker.ts";

export const topic = "orders";
export const group = { groupId: "g", generationId: 4, memberId: "m", groupInstanceId: null };

export interface TransactionScene {
  readonly cluster: ScriptedCluster;
  readonly broker: ScriptedBroker;
  readonly client: KafkaClient;
  readonly writer: BatchWriter;
  readonly append: (value: string) => void;
  readonly log: ProducerLog;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

/** A coordinator that does as it is told, and counts epochs. */
export async function playTransactions(
  transactionVersion: number,
  story: (scene: TransactionScene) => Promise<void>,
  options: BatchWriterOptions = {},
): Promise<void> {
  const platform = memoryPlatform();
  const cluster = scriptedCluster([{ name: topic, leaders: [1] }]);
  cluster.transactionVersion = transactionVersion;
  const broker = await ScriptedBroker.start(platform, 1, cluster);
  const log = new ProducerLog({ isFirstChecked: transactionVersion >= 2 });
  coordinate(broker, log);
  const client = connect(platform, { bootstrapServers: addressName(broker.address) });
  const writer = client.openWriter({ ...options, transactionalId: "id" });
  const append = (value: string) =>
    writer.partition(topic, 0).append(0, null, encodeUtf8(value), noHeaders);
  const nowMs = () => platform.clock.monotonicMs();
  await platform.until(
    (async () => {
      await writer.prepare([topic]);
      await writer.initialize();
      const sleep = (ms: number) => platform.timers.sleep(ms);
      await story({ cluster, broker, client, writer, append, log, nowMs, sleep });
      await client.close();
    })(),
  );
}

/** Answers all that a transactional writer asks. */
function coordinate(broker: ScriptedBroker, log: ProducerLog): void {
  let epoch = -1;
  broker.on(findCoordinatorApi, ({ coordinatorKeys, key }) => ({
    coordinators: (coordinatorKeys.length > 0 ? coordinatorKeys : [key]).map((one) => ({
      key: one,
      nodeId: 1,
      ...broker.address,
      errorCode: 0,
      errorMessage: null,
    })),
  }));
  broker.on(initProducerIdApi, () => ({
    throttleTimeMs: 0,
    errorCode: 0,
    producerId: 5,
    producerEpoch: ++epoch,
  }));
  broker.on(addPartitionsToTxnApi, ({ v3AndBelowTopics }) => ({
    throttleTimeMs: 0,
    resultsByTopicV3AndBelow: v3AndBelowTopics.map(({ name, partitions }) => ({
      name,
      resultsByPartition: partitions.map((partitionIndex) => ({
        partitionIndex,
        partitionErrorCode: 0,
      })),
    })),
  }));
  broker.on(addOffsetsToTxnApi, () => ({ throttleTimeMs: 0, errorCode: 0 }));
  broker.on(txnOffsetCommitApi, ({ topics }) => ({
    throttleTimeMs: 0,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({ partitionIndex, errorCode: 0 })),
    })),
  }));
  broker.on(produceApi, ({ topicData }) => ({
    responses: topicData.map(({ name, partitionData }) => ({
      name,
      partitionResponses: partitionData.map(({ index, records }) => ({
        index,
        ...log.append(records ?? new Uint8Array()),
      })),
    })),
  }));
  broker.on(endTxnApi, (_, { version }) =>
    version >= 5
      ? { throttleTimeMs: 0, errorCode: 0, producerId: 5, producerEpoch: ++epoch }
      : { throttleTimeMs: 0, errorCode: 0 },
  );
}
