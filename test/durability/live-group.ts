import { codecOf } from "@millrace/protocol";
import {
  consumerProtocolSubscription,
  heartbeatApi,
  joinGroupApi,
  offsetCommitApi,
  offsetFetchApi,
  syncGroupApi,
} from "@millrace/protocol/definitions";
import { Writer } from "@millrace/protocol/wire";

import { TestClient } from "../../packages/broker/test-support/test-client.ts";
import type { LoadOptions } from "./load.ts";
import { keptTopic, offsetsRetentionMinutes } from "./topics.ts";

const groupId = "live";
const offset = 7;
const beatMs = 5000;
const sessionTimeoutMs = 20_000;
const quietMs = offsetsRetentionMinutes * 60_000 + 4 * beatMs;

/**
 * A member of a group commits once, and is there for longer than offsets without members are kept. What it has committed
 * stays, whatever happens to the broker meanwhile.
 */
export async function watchLiveGroup(options: LoadOptions, failPower: () => void): Promise<void> {
  const member = await join(options);
  for (let ms = 0; ms < quietMs; ms += beatMs) {
    await options.platform.timers.sleep(beatMs);
    if (ms === quietMs / 2) failPower();
    await beat(options, member);
  }
  const committed = await committedBy(options);
  if (committed !== offset)
    options.ledger.violations.push(
      `a group with a member has ${committed}, and committed ${offset}`,
    );
}

interface Member {
  readonly memberId: string;
  readonly generationId: number;
}

async function join(options: LoadOptions): Promise<Member> {
  const client = await TestClient.connect(options.platform, options.address);
  try {
    const joined = await client.ask(joinGroupApi, 3, {
      groupId,
      sessionTimeoutMs,
      rebalanceTimeoutMs: sessionTimeoutMs,
      memberId: "",
      protocolType: "consumer",
      protocols: [{ name: "range", metadata: subscription() }],
    });
    const { memberId = "", generationId = -1 } = joined ?? {};
    const assignments = [{ memberId, assignment: new Uint8Array(0) }];
    await client.ask(syncGroupApi, 2, { groupId, generationId, memberId, assignments });
    const partitions = [{ partitionIndex: 0, committedOffset: offset, committedMetadata: "" }];
    const committed = await client.ask(offsetCommitApi, 7, {
      groupId,
      generationIdOrMemberEpoch: generationId,
      memberId,
      topics: [{ name: keptTopic, partitions }],
    });
    const errorCode = committed?.topics[0]?.partitions[0]?.errorCode;
    if (errorCode !== 0) throw new Error(`the member could not commit: ${errorCode}`);
    return { memberId, generationId };
  } finally {
    client.connection.destroy();
  }
}

function subscription(): Uint8Array {
  const writer = new Writer();
  writer.writeInt16(0);
  const subscribed = { topics: [keptTopic], userData: null };
  codecOf(consumerProtocolSubscription, 0).write(writer, subscribed);
  return writer.toBytes();
}

/** Again, while the broker or its coordinator is not there. */
async function beat(options: LoadOptions, { memberId, generationId }: Member): Promise<void> {
  const request = { groupId, generationId, memberId };
  await untilAnswered(options, async (client) => {
    const answer = await client.ask(heartbeatApi, 3, request);
    return answer?.errorCode === 0 ? answer : undefined;
  });
}

function committedBy(options: LoadOptions): Promise<number> {
  const topics = [{ name: keptTopic, partitionIndexes: [0] }];
  return untilAnswered(options, async (client) => {
    const answer = await client.ask(offsetFetchApi, 7, { groupId, topics, requireStable: true });
    return answer?.errorCode === 0 ? answer.topics[0].partitions[0].committedOffset : undefined;
  });
}

async function untilAnswered<Answer>(
  { platform, address }: LoadOptions,
  ask: (client: TestClient) => Promise<Answer | undefined>,
): Promise<Answer> {
  for (;;) {
    try {
      const client = await TestClient.connect(platform, address);
      try {
        const answer = await ask(client);
        if (answer !== undefined) return answer;
      } finally {
        client.connection.destroy();
      }
    } catch {
      // The broker is starting.
    }
    await platform.timers.sleep(50);
  }
}
