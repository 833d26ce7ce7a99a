import { decodeUtf8, encodeUtf8, type TopicPartition } from "@millrace/model";
import { check, checkEqual, codeOf, failureOf } from "@millrace/model/conformance";
import type { ClusterClient } from "../cluster-client.ts";
import type { GroupMembership, PartitionAssignor } from "../group-membership.ts";
import { caseOf, createTopic, untilSo, type ClusterCase } from "./cluster-case.ts";

/** Deals the partitions of one topic out, and tells each member what the first of them told. */
function dealing(topic: string): PartitionAssignor {
  return {
    name: "dealing",
    subscriptionUserData: () => encodeUtf8("about me"),
    assign: async ({ members, partitionCounts }) => {
      const shares = members.map((): TopicPartition[] => []);
      for (let partition = 0; partition < (partitionCounts.get(topic) ?? 0); partition++)
        shares[partition % members.length].push({ topic, partition });
      return new Map(
        members.map(({ memberId }, index) => [
          memberId,
          { partitions: shares[index], userData: members[0].userData },
        ]),
      );
    },
  };
}

function open(
  client: ClusterClient,
  topic: string,
  options: { readonly groupId: string; readonly groupInstanceId?: string },
): GroupMembership {
  return client.openMembership({
    ...options,
    topics: () => [topic],
    assignors: [dealing(topic)],
    heartbeatIntervalMs: 100,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 20_000,
  });
}

export const membershipConformance: readonly ClusterCase[] = [
  caseOf(
    "members share the partitions, and hear of each other's coming and going",
    async (client, subject) => {
      const topic = await createTopic(client, subject, 4);
      const groupId = subject.newName("group");
      const first = open(client, topic, { groupId });
      const alone = await first.join();
      checkEqual(alone.partitions.length, 4, "all of them");
      checkEqual(
        decodeUtf8(alone.userData ?? new Uint8Array(0)),
        "about me",
        "what the leader told",
      );
      const other = subject.connect();
      const second = open(other, topic, { groupId });
      let hasHeard = false;
      first.onChange(() => {
        hasHeard = true;
      });
      const joining = second.join();
      await untilSo(subject, "the first one is asked to join", () => first.needsJoin);
      check(hasHeard, "onChange was called");
      const shares = await Promise.all([first.join(), joining]);
      checkEqual(
        shares.map(({ partitions }) => partitions.length),
        [2, 2],
        "shares",
      );
      await second.close();
      checkEqual(second.isMember, false, "a member that has left");
      await untilSo(subject, "the first one is asked to join again", () => first.needsJoin);
      checkEqual((await first.join()).partitions.length, 4, "all of them again");
      await other.close();
    },
  ),

  caseOf(
    "partitions that are there later than the group are assigned once they are known",
    async (client, subject) => {
      const topic = subject.newName("later");
      const member = open(client, topic, { groupId: subject.newName("group") });
      checkEqual((await member.join()).partitions, [], "nothing yet");
      await client.admin.createTopics([{ name: topic, partitionCount: 2 }]);
      await untilSo(subject, "the leader asks for a new assignment", () => member.needsJoin);
      checkEqual((await member.join()).partitions.length, 2, "what has come");
    },
  ),

  caseOf(
    "committed offsets are the group's; those without one are left out",
    async (client, subject) => {
      const topic = await createTopic(client, subject, 2);
      const member = open(client, topic, { groupId: subject.newName("group") });
      const places = [0, 1].map((partition) => ({ topic, partition }));
      await member.join();
      checkEqual(await member.committed(places), [], "nothing yet");
      await member.commit([{ ...places[1], offset: 7, metadata: "text" }]);
      const [found, ...rest] = await member.committed(places);
      checkEqual(
        [found.partition, found.offset, found.metadata],
        [1, 7, "text"],
        "what was committed",
      );
      checkEqual(rest, [], "and no more");
    },
  ),

  caseOf(
    "offsets in a transaction are there once it is committed, and fenced by the group",
    async (client, subject) => {
      const topic = await createTopic(client, subject);
      const place = { topic, partition: 0 };
      const member = open(client, topic, { groupId: subject.newName("group") });
      await member.join();
      const writer = client.openWriter({ transactionalId: subject.newName("id") });
      await writer.initialize();
      writer.begin();
      await writer.sendOffsets([{ ...place, offset: 3 }], member.groupMetadata);
      await writer.abort();
      checkEqual(await member.committed([place]), [], "of an aborted one");
      writer.begin();
      await writer.sendOffsets([{ ...place, offset: 4 }], member.groupMetadata);
      await writer.commit();
      checkEqual((await member.committed([place]))[0].offset, 4, "of a committed one");
      writer.begin();
      const stale = { ...member.groupMetadata, generationId: 99 };
      const failure = await failureOf(() => writer.sendOffsets([{ ...place, offset: 5 }], stale));
      checkEqual(codeOf(failure), "COMMIT_FENCED", "of another generation");
      await writer.abort();
    },
    ["transactions", "fenced-offsets"],
  ),

  caseOf(
    "CLUSTER-3: a seat that another process takes is lost for good, and commits nothing",
    async (client, subject) => {
      const topic = await createTopic(client, subject);
      const options = { groupId: subject.newName("group"), groupInstanceId: "seat" };
      const first = open(client, topic, options);
      await first.join();
      check(first.isMember, "it is a member");
      const other = subject.connect();
      const second = open(other, topic, options);
      checkEqual((await second.join()).partitions.length, 1, "the same seat");
      const offset = { topic, partition: 0, offset: 1 };
      const failure = await failureOf(() => first.commit([offset]));
      check(failure !== undefined, "its commit is refused");
      await untilSo(subject, "the first one hears of it", () => first.failure !== undefined);
      checkEqual(first.isMember, false, "it is none any more");
      checkEqual(codeOf(await failureOf(() => first.join())), "MEMBER_FENCED", "for good");
      await second.commit([{ ...offset, offset: 2 }]);
      checkEqual((await second.committed([offset]))[0].offset, 2, "what the other one committed");
      await other.close();
    },
    ["static-membership"],
  ),
];
