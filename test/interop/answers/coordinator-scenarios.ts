import {
  addOffsetsToTxnApi,
  addPartitionsToTxnApi,
  deleteGroupsApi,
  describeGroupsApi,
  describeProducersApi,
  describeTransactionsApi,
  endTxnApi,
  findCoordinatorApi,
  heartbeatApi,
  initProducerIdApi,
  joinGroupApi,
  leaveGroupApi,
  listGroupsApi,
  listTransactionsApi,
  offsetCommitApi,
  offsetDeleteApi,
  offsetFetchApi,
  syncGroupApi,
  txnOffsetCommitApi,
} from "@millrace/protocol/definitions";

import { batchOf, type Asking, type Scenario } from "./asking.ts";

const unknownId = "AAAAAAAAAAAAAAAAAAAAEQ";
const protocols = [{ name: "range", metadata: new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]) }];

/** Asks until the coordinator is there; the first to ask has its topic made. */
async function findCoordinator(asking: Asking, keyType: number, key: string): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    const answer = await asking.send(findCoordinatorApi, 4, { keyType, coordinatorKeys: [key] });
    if (answer !== undefined && answer.coordinators[0].errorCode === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Asks until the group can be described. */
async function awaitGroupCoordinator(asking: Asking, key: string): Promise<void> {
  await findCoordinator(asking, 0, key);
  for (let attempt = 0; attempt < 400; attempt++) {
    const answer = await asking.send(describeGroupsApi, 5, { groups: [key] });
    if (answer !== undefined && ![14, 15, 16].includes(answer.groups[0].errorCode)) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

async function coordinators(asking: Asking): Promise<void> {
  await awaitGroupCoordinator(asking, "g");
  const find = (label: string, keyType: number, coordinatorKeys: string[]) =>
    asking.ask(label, findCoordinatorApi, 4, { keyType, coordinatorKeys });
  await find("a group", 0, ["g"]);
  await find("one twice", 0, ["g", "g"]);
  await find("an empty key", 0, [""]);
  await find("none", 0, []);
  await find("kind 3", 3, ["g"]);
  await find("kind -1", -1, ["g"]);
  await asking.ask("version 3, empty", findCoordinatorApi, 3, { key: "", keyType: 0 });
}

async function groupRequests(asking: Asking): Promise<void> {
  await awaitGroupCoordinator(asking, "g");
  const join = (label: string, more: object = {}) =>
    asking.ask(label, joinGroupApi, 9, {
      groupId: "g",
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      memberId: "",
      protocolType: "consumer",
      protocols,
      ...more,
    });
  await join("an empty group id", { groupId: "" });
  await join("session 0", { sessionTimeoutMs: 0 });
  await join("session -1", { sessionTimeoutMs: -1 });
  await join("session of an hour", { sessionTimeoutMs: 3_600_000 });
  await join("rebalance timeout -1", { rebalanceTimeoutMs: -1, groupId: "g2" });
  await join("no protocols", { protocols: [], groupId: "g3" });
  await join("no protocol type", { protocolType: "", groupId: "g4" });
  await join("an unknown member", { memberId: "stranger" });
  const first = await join("without a member id");
  if (first === undefined) return;
  const memberId = first.memberId;
  const joined = await join("with the id that was given", { memberId });
  if (joined === undefined) return;
  const generationId = joined.generationId;
  const beat = (label: string, more: object = {}) =>
    asking.ask(label, heartbeatApi, 4, { groupId: "g", generationId, memberId, ...more });
  await beat("heartbeat before the sync");
  const sync = (label: string, more: object = {}) =>
    asking.ask(label, syncGroupApi, 5, {
      groupId: "g",
      generationId,
      memberId,
      protocolType: "consumer",
      protocolName: "range",
      assignments: [{ memberId, assignment: new Uint8Array([1, 2, 3]) }],
      ...more,
    });
  await sync("sync of another protocol type", { protocolType: "connect" });
  await sync("sync of another protocol", { protocolName: "sticky" });
  await sync("sync of another generation", { generationId: 99 });
  await sync("sync of an unknown member", { memberId: "stranger" });
  await sync("sync");
  await beat("heartbeat");
  await beat("heartbeat of another generation", { generationId: -1 });
  await beat("heartbeat of an empty member", { memberId: "" });
  await beat("heartbeat of an empty group", { groupId: "" });
  await beat("heartbeat of an unknown group", { groupId: "nobody" });
  await asking.ask("described", describeGroupsApi, 5, { groups: ["g", "g", "", "nobody"] });
  await asking.ask("described, version 6", describeGroupsApi, 6, { groups: ["g", "nobody"] });
  await asking.ask("listed, unknown filters", listGroupsApi, 5, {
    statesFilter: ["stable", "NoState", ""],
    typesFilter: ["Nope"],
  });
  await asking.ask("listed by state, other case", listGroupsApi, 5, {
    statesFilter: ["STABLE"],
    typesFilter: [],
  });
  await asking.ask("deleted while it lives", deleteGroupsApi, 2, {
    groupsNames: ["g", "g", "", "nobody"],
  });
  await asking.ask("leaves: unknown, empty", leaveGroupApi, 5, {
    groupId: "g",
    members: [{ memberId: "stranger" }, { memberId: "" }],
  });
  await asking.ask("leaves twice", leaveGroupApi, 5, {
    groupId: "g",
    members: [{ memberId }, { memberId }],
  });
  await asking.ask("leaves nobody", leaveGroupApi, 5, { groupId: "g", members: [] });
  await asking.ask("leaves an empty group id", leaveGroupApi, 5, {
    groupId: "",
    members: [{ memberId: "x" }],
  });
}

async function offsets(asking: Asking): Promise<void> {
  const { id } = await asking.topic("read", { partitions: 2 });
  await awaitGroupCoordinator(asking, "o");
  const commit = (label: string, partitions: readonly object[], more: object = {}) =>
    asking.ask(label, offsetCommitApi, 9, {
      groupId: "o",
      generationIdOrMemberEpoch: -1,
      memberId: "",
      topics: [
        {
          name: "read",
          partitions: partitions.map((fields) => ({
            partitionIndex: 0,
            committedOffset: 5,
            committedMetadata: "",
            ...fields,
          })),
        },
      ],
      ...more,
    });
  await commit("plain", [{}]);
  await commit("offset -1", [{ committedOffset: -1 }]);
  await commit("offset -2", [{ committedOffset: -2 }]);
  await commit("offset 2^63-1", [{ partitionIndex: 1, committedOffset: 2 ** 63 }]);
  await commit("metadata null", [{ committedMetadata: null }]);
  await commit("metadata of 4096", [{ committedMetadata: "m".repeat(4096) }]);
  await commit("metadata of 4097", [{ committedMetadata: "m".repeat(4097) }]);
  await commit("one partition twice", [{ committedOffset: 6 }, { committedOffset: 7 }]);
  await commit("unknown partitions", [{ partitionIndex: 9 }, { partitionIndex: -1 }]);
  await commit("leader epoch -2", [{ committedLeaderEpoch: -2 }]);
  await commit("an empty group", [{}], { groupId: "" });
  await commit("a generation without a member", [{}], { generationIdOrMemberEpoch: 3 });
  await commit("a member without a generation", [{}], { memberId: "stranger" });
  await commit("an instance without a member", [{}], { groupInstanceId: "i" });
  await commit("unknown, empty, not allowed topics", [], {
    topics: ["nowhere", "", "a b"].map((name) => ({
      name,
      partitions: [{ partitionIndex: 0, committedOffset: 1, committedMetadata: "" }],
    })),
  });
  await commit("no topics", [], { topics: [] });
  const partition = { partitionIndex: 0, committedOffset: 8, committedMetadata: "" };
  await asking.ask("by id", offsetCommitApi, 10, {
    groupId: "o",
    generationIdOrMemberEpoch: -1,
    memberId: "",
    topics: [
      { topicId: id, partitions: [partition] },
      { topicId: unknownId, partitions: [partition] },
    ],
  });
  const fetch = (label: string, groups: readonly object[]) =>
    asking.ask(label, offsetFetchApi, 9, { groups: groups as never });
  const read = { name: "read", partitionIndexes: [0, 1] };
  await fetch("all", [{ groupId: "o", topics: null }]);
  await fetch("some", [{ groupId: "o", topics: [read] }]);
  await fetch("no topics", [{ groupId: "o", topics: [] }]);
  await fetch("no groups", []);
  await fetch("one partition twice", [
    { groupId: "o", topics: [{ name: "read", partitionIndexes: [0, 0, 9, -1] }] },
  ]);
  await fetch("one topic twice", [{ groupId: "o", topics: [read, read] }]);
  await fetch("one group twice", [
    { groupId: "o", topics: [read] },
    { groupId: "o", topics: null },
  ]);
  await fetch("empty and unknown groups", [
    { groupId: "", topics: [read] },
    { groupId: "nobody", topics: [read] },
  ]);
  await fetch("unknown and empty topics", [
    {
      groupId: "o",
      topics: [
        { name: "nowhere", partitionIndexes: [0] },
        { name: "", partitionIndexes: [0] },
      ],
    },
  ]);
  await fetch("a member that is not there", [
    { groupId: "o", memberId: "stranger", memberEpoch: 3, topics: [read] },
  ]);
  const remove = (label: string, groupId: string, topics: readonly (readonly [string, number])[]) =>
    asking.ask(label, offsetDeleteApi, 0, {
      groupId,
      topics: topics.map(([name, partitionIndex]) => ({ name, partitions: [{ partitionIndex }] })),
    });
  await remove("deleted: unknown places", "o", [
    ["nowhere", 0],
    ["read", 9],
    ["", 0],
  ]);
  await remove("deleted twice", "o", [
    ["read", 0],
    ["read", 0],
  ]);
  await remove("deleted: no such group", "nobody", [["read", 0]]);
  await remove("deleted: an empty group id", "", [["read", 0]]);
  await fetch("afterwards", [{ groupId: "o", topics: null }]);
}

interface Producer {
  readonly producerId: number;
  readonly producerEpoch: number;
}

async function producerOf(asking: Asking, transactionalId: string): Promise<Producer> {
  await findCoordinator(asking, 1, transactionalId);
  for (let attempt = 0; attempt < 400; attempt++) {
    const answer = await asking.send(initProducerIdApi, 5, {
      transactionalId,
      transactionTimeoutMs: 60_000,
    });
    if (answer !== undefined && answer.errorCode === 0) return answer;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`no producer id for ${transactionalId}`);
}

async function producers(asking: Asking): Promise<void> {
  await asking.topic("written", { partitions: 2 });
  const { producerId, producerEpoch } = await producerOf(asking, "t");
  const init = (label: string, more: object = {}) =>
    asking.ask(label, initProducerIdApi, 5, {
      transactionalId: "t",
      transactionTimeoutMs: 60_000,
      ...more,
    });
  await init("an empty id", { transactionalId: "" });
  await init("timeout 0", { transactionTimeoutMs: 0 });
  await init("timeout -1", { transactionTimeoutMs: -1 });
  await init("timeout of a day", { transactionTimeoutMs: 86_400_000 });
  await init("an id without an epoch", { producerId });
  await init("an epoch without an id", { producerEpoch });
  await init("an epoch that is ahead", { producerId, producerEpoch: producerEpoch + 5 });
  await init("another producer's id", { producerId: producerId + 1000, producerEpoch });
  await init("no transactional id, timeout -1", {
    transactionalId: null,
    transactionTimeoutMs: -1,
  });
  const current = await producerOf(asking, "t2");
  const own = { transactionalId: "t2", ...current };
  const end = (label: string, more: object = {}) =>
    asking.ask(label, endTxnApi, 5, {
      transactionalId: "t2",
      producerId: current.producerId,
      producerEpoch: current.producerEpoch,
      committed: true,
      ...more,
    });
  await end("ended: an empty id", { transactionalId: "" });
  await end("ended: unknown id", { transactionalId: "nobody" });
  await end("ended: another producer's id", { producerId: current.producerId + 1000 });
  await end("ended: an epoch ahead", { producerEpoch: current.producerEpoch + 5 });
  await end("ended: epoch -1", { producerEpoch: -1 });
  await end("committed while empty");
  const offsets = (label: string, more: object = {}) =>
    asking.ask(label, addOffsetsToTxnApi, 4, { ...own, groupId: "tg", ...more });
  await offsets("offsets: an empty group", { groupId: "" });
  await offsets("offsets: an empty id", { transactionalId: "" });
  const add = (label: string, more: object = {}, topics: readonly object[] = []) =>
    asking.ask(label, addPartitionsToTxnApi, 3, {
      v3AndBelowTransactionalId: "t",
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: topics as never,
      ...more,
    });
  await add("added: none");
  await add("added: unknown places", {}, [
    { name: "nowhere", partitions: [0] },
    { name: "written", partitions: [0, 9] },
  ]);
  await add("added: one twice", {}, [{ name: "written", partitions: [0, 0] }]);
  await add("added: an empty id", { v3AndBelowTransactionalId: "" }, [
    { name: "written", partitions: [0] },
  ]);
  await asking.ask("txn offsets: no such member", txnOffsetCommitApi, 3, {
    transactionalId: "t",
    groupId: "tg",
    producerId,
    producerEpoch,
    generationId: 5,
    memberId: "stranger",
    topics: [],
  });
  await asking.ask("described", describeTransactionsApi, 0, {
    transactionalIds: ["nobody", "", "nobody"],
  });
  await asking.ask("listed: unknown filters", listTransactionsApi, 2, {
    stateFilters: ["Nope", "ongoing", "Ongoing"],
    producerIdFilters: [-5],
    durationFilter: -2,
    transactionalIdPattern: "no-such.*",
  });
  await asking.ask("listed: a pattern that is none", listTransactionsApi, 2, {
    stateFilters: [],
    producerIdFilters: [],
    transactionalIdPattern: "(",
  });
  await asking.ask("producers: unknown places", describeProducersApi, 0, {
    topics: [
      { name: "nowhere", partitionIndexes: [0] },
      { name: "written", partitionIndexes: [0, 0, 9, -1] },
      { name: "", partitionIndexes: [0] },
    ],
  });
}

interface Sequenced {
  readonly count?: number;
  readonly producerEpoch?: number;
  readonly baseSequence: number;
  readonly isTransactional?: boolean;
}

/** An idempotent producer's sequences: duplicates, gaps, epochs. */
async function sequences(asking: Asking): Promise<void> {
  await asking.topic("sequenced");
  const answer = await asking.send(initProducerIdApi, 5, {
    transactionalId: null,
    transactionTimeoutMs: 60_000,
  });
  if (answer === undefined) throw new Error("no producer id");
  const send = async (label: string, batch: Sequenced) => {
    const { count = 1, ...producer } = batch;
    const records = batchOf(count, {
      producerId: answer.producerId,
      producerEpoch: answer.producerEpoch,
      ...producer,
    });
    asking.note(label, { errorCode: await asking.produce("sequenced", records) });
  };
  await send("sequence 5 first", { baseSequence: 5 });
  await send("sequence 0", { baseSequence: 0, count: 2 });
  await send("sequence 0 again", { baseSequence: 0, count: 2 });
  await send("sequence 0 with another count", { baseSequence: 0 });
  await send("sequence 1", { baseSequence: 1 });
  await send("sequence 3", { baseSequence: 3 });
  await send("sequence 2", { baseSequence: 2 });
  await send("sequence -1", { baseSequence: -1 });
  await send("sequence 2^31-1", { baseSequence: 0x7fffffff });
  await send("epoch 1, sequence 5", { producerEpoch: 1, baseSequence: 5 });
  await send("epoch 1, sequence 0", { producerEpoch: 1, baseSequence: 0 });
  await send("epoch 0, sequence 3", { producerEpoch: 0, baseSequence: 3 });
  await send("epoch -5", { producerEpoch: -5, baseSequence: 0 });
  await send("transactional, nobody's", {
    isTransactional: true,
    producerEpoch: 1,
    baseSequence: 1,
  });
}

export const coordinatorScenarios: readonly Scenario[] = [
  { name: "find coordinator", run: coordinators },
  { name: "classic groups", run: groupRequests },
  { name: "committed offsets", run: offsets },
  { name: "producers and transactions", run: producers },
  { name: "sequences", run: sequences },
];
