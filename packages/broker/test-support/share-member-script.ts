import {
  incrementalAlterConfigsApi,
  metadataApi,
  shareAcknowledgeApi,
  shareFetchApi,
  shareGroupHeartbeatApi,
} from "@millrace/protocol/definitions";
import { BatchCursor, readBaseOffset } from "@millrace/protocol/records";
import type { TestClient } from "./test-client.ts";

/** Records that a member is given, as `first-last x deliveries`. */
export interface Given {
  readonly errorCode: number | undefined;
  readonly acquired: readonly string[];
  /** Where the batches begin. */
  readonly batches: readonly number[];
}

/** A member of share group `g` that reads partition 0 of a topic. */
export class ShareMember {
  readonly client: TestClient;
  readonly memberId: string;
  readonly topicId: string;
  memberEpoch = 0;
  sessionEpoch = 0;

  private constructor(client: TestClient, memberId: string, topicId: string) {
    this.client = client;
    this.memberId = memberId;
    this.topicId = topicId;
  }

  /** Joins, and waits until its partition can be read. */
  static async join(client: TestClient, memberId: string, topic = "t"): Promise<ShareMember> {
    const metadata = await client.ask(metadataApi, 12, {
      topics: [{ name: topic }],
      allowAutoTopicCreation: false,
    });
    const member = new ShareMember(client, memberId, metadata?.topics[0].topicId ?? "");
    for (let beats = 0; beats < 20; beats++) {
      const answer = await member.beat(beats === 0 ? [topic] : null);
      if ((answer?.assignment?.topicPartitions.length ?? 0) > 0) return member;
    }
    throw new Error("nothing is assigned");
  }

  async beat(subscribedTopicNames: readonly string[] | null = null) {
    const { memberId, memberEpoch } = this;
    const answer = await this.client.ask(shareGroupHeartbeatApi, 1, {
      groupId: "g",
      memberId,
      memberEpoch,
      rackId: null,
      subscribedTopicNames,
    });
    if (answer?.errorCode === 0) this.memberEpoch = answer.memberEpoch;
    return answer;
  }

  /** Ends its session, and leaves the group. */
  async leave(): Promise<void> {
    if (this.sessionEpoch > 0) {
      this.sessionEpoch = -1;
      await this.fetch();
    }
    this.memberEpoch = -1;
    await this.beat();
  }

  async fetch(
    options: { readonly maxWaitMs?: number; readonly recordsMax?: number } = {},
    acknowledgementBatches: readonly {
      firstOffset: number;
      lastOffset: number;
      acknowledgeTypes: readonly number[];
    }[] = [],
  ): Promise<Given> {
    const answer = await this.client.ask(shareFetchApi, 2, {
      groupId: "g",
      memberId: this.memberId,
      shareSessionEpoch: this.sessionEpoch,
      maxWaitMs: options.maxWaitMs ?? 0,
      minBytes: 1,
      maxRecords: options.recordsMax ?? 100,
      batchSize: 100,
      topics: [
        { topicId: this.topicId, partitions: [{ partitionIndex: 0, acknowledgementBatches }] },
      ],
      forgottenTopicsData: [],
      isRenewAck: false,
    });
    if (answer?.errorCode === 0) this.sessionEpoch++;
    const partition = answer?.responses[0]?.partitions[0];
    const acquired = (partition?.acquiredRecords ?? []).map(
      ({ firstOffset, lastOffset, deliveryCount }) =>
        `${firstOffset}-${lastOffset} x${deliveryCount}`,
    );
    const errorCode = answer?.errorCode === 0 ? partition?.errorCode : answer?.errorCode;
    return { errorCode, acquired, batches: batchesIn(partition?.records ?? new Uint8Array()) };
  }

  /** Gives the error code of the partition, or of all. */
  async acknowledge(firstOffset: number, lastOffset: number, type: number) {
    const acknowledgementBatches = [{ firstOffset, lastOffset, acknowledgeTypes: [type] }];
    const answer = await this.client.ask(shareAcknowledgeApi, 2, {
      groupId: "g",
      memberId: this.memberId,
      shareSessionEpoch: this.sessionEpoch,
      isRenewAck: type === 4,
      topics: [
        { topicId: this.topicId, partitions: [{ partitionIndex: 0, acknowledgementBatches }] },
      ],
    });
    if (answer?.errorCode === 0) this.sessionEpoch++;
    return answer?.errorCode === 0
      ? answer.responses[0]?.partitions[0].errorCode
      : answer?.errorCode;
  }
}

/** Sets configs of group `g`. */
export async function setGroupConfigs(
  client: TestClient,
  configs: Readonly<Record<string, string>>,
): Promise<void> {
  await client.ask(incrementalAlterConfigsApi, 1, {
    resources: [
      {
        resourceType: 32,
        resourceName: "g",
        configs: Object.entries(configs).map(([name, value]) => ({
          name,
          value,
          configOperation: 0,
        })),
      },
    ],
    validateOnly: false,
  });
}

function batchesIn(records: Uint8Array): number[] {
  const offsets: number[] = [];
  const cursor = new BatchCursor(records);
  while (cursor.next()) offsets.push(readBaseOffset(records, cursor.position));
  return offsets;
}
