import { memoryPlatform } from "@millrace/platform/memory";
import type { Decoded } from "@millrace/protocol";
import { initProducerIdApi, produceApi, type produceRequest } from "@millrace/protocol/definitions";
import { addressName } from "../src/connection/bootstrap-servers.ts";
import { connect } from "../src/kafka-client.ts";
import { ProducerLog } from "./producer-log.ts";
import { ScriptedBroker, scriptedCluster } from "./scripted-broker.ts";

export const topic = "orders";
const topicId = "AAAAAAAAAAAAAAAAAAAABA";

/** What a broker says of one partition. */
export interface Row {
  readonly errorCode: number;
  readonly baseOffset: number;
  readonly errorMessage?: string;
  readonly recordErrors?: readonly {
    readonly batchIndex: number;
    readonly batchIndexErrorMessage: string | null;
  }[];
}

/** Two nodes and a partition log that outlives moves of the leader. */
export async function produceScene(leaders = [1]) {
  const platform = memoryPlatform();
  const cluster = scriptedCluster([{ name: topic, topicId, leaders }]);
  const nodes = [
    await ScriptedBroker.start(platform, 1, cluster),
    await ScriptedBroker.start(platform, 2, cluster),
  ];
  const logs = leaders.map(() => new ProducerLog());
  const client = connect(platform, { bootstrapServers: addressName(nodes[0].address) });
  const place = cluster.topics.get(topic);
  for (const node of nodes) {
    node.on(initProducerIdApi, () => ({
      throttleTimeMs: 0,
      errorCode: 0,
      producerId: 7,
      producerEpoch: 0,
    }));
    node.on(produceApi, (body) =>
      answerOf(body, (index, records) =>
        place?.leaders[index] === node.nodeId
          ? logs[index].append(records)
          : { errorCode: notLeader, baseOffset: -1 },
      ),
    );
  }
  return { platform, nodes, logs, client, place };
}

const notLeader = 6;
export const notEnoughReplicas = 19;

export function answerOf(
  body: Decoded<typeof produceRequest>,
  rowOf: (partition: number, records: Uint8Array) => Row,
) {
  return {
    responses: body.topicData.map(({ topicId: id, name, partitionData }) => ({
      topicId: id,
      name,
      partitionResponses: partitionData.map(({ index, records }) => ({
        index,
        ...rowOf(index, records ?? new Uint8Array()),
      })),
    })),
  };
}
