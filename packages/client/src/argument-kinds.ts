import {
  abortSignal,
  kind,
  listOf,
  object,
  optional,
  strict,
  textOf,
  whole,
  type ArgumentCheck,
} from "./arguments.ts";

// What the methods of a client take.

export const topicName = textOf("a topic's name");
export const groupName = textOf("a group's id");
export const topicNames = listOf(topicName, "topics' names");

export const text: ArgumentCheck = kind("text", (given) => typeof given === "string");
export const int32Max = 2 ** 31 - 1;
const partition = whole(0, "a partition's number", int32Max);
const offset = whole(0, "an offset");
const leaderEpoch = whole(-1, "the leader's epoch, or -1", int32Max);
const place = { topic: topicName, partition };

/** More than these members may be there: a record is a partition too. */
export const topicPartition = object(place, "{ topic, partition }");
export const topicPartitions = listOf(topicPartition, "{ topic, partition }");
export const nextOffset: ArgumentCheck = offset;
export const positions = listOf(
  object({ ...place, offset }, "{ topic, partition, offset }"),
  "{ topic, partition, offset }",
);
export const offsetsToCommit = listOf(
  object(
    { ...place, offset, leaderEpoch: optional(leaderEpoch), metadata: optional(text) },
    "{ topic, partition, offset }",
  ),
  "{ topic, partition, offset }",
);
export const deletionOffsets = listOf(
  object(
    { ...place, offset: whole(-1, "an offset, or -1 for all") },
    "{ topic, partition, offset }",
  ),
  "{ topic, partition, offset }",
);
export const wantedOffsets = listOf(
  object({ ...place, at: pointInTime }, "{ topic, partition, at }"),
  "{ topic, partition, at }",
);
export const textsByName = kind('texts by name, such as { "cleanup.policy": "compact" }', isTexts);
const partitionCount = whole(1, "a number of partitions", int32Max);
export const topicsToGrow = listOf(
  strict({ name: topicName, partitionCount }, "{ name, partitionCount }"),
  "{ name, partitionCount }",
);
export const newTopics = listOf(
  strict(
    {
      name: topicName,
      partitionCount: whole(-1, "a number of partitions, or -1 for the broker's default", int32Max),
      replicationFactor: optional(whole(-1, "a number of replicas, or -1 for the default")),
      configs: optional(textsByName),
    },
    "{ name, partitionCount }",
  ),
  "{ name, partitionCount }",
);
export const groupMetadata = object(
  {
    groupId: groupName,
    generationId: whole(-1, "a generation"),
    memberId: text,
    groupInstanceId: kind("text or null", (given) => given === null || typeof given === "string"),
  },
  "consumer.groupMetadata",
);
export const work: ArgumentCheck = kind(
  "a function that sends and is awaited, such as async () => { await producer.send(…) }",
  (given) => typeof given === "function",
);
export const milliseconds: ArgumentCheck = kind(
  "milliseconds",
  (given) => typeof given === "number" && given >= 0,
);
const flag: ArgumentCheck = kind("true or false", (given) => typeof given === "boolean");
export const closeOptions = strict({ keepSeat: optional(flag) }, "{ keepSeat }");
export const pollOptions = strict(
  { waitMsMax: milliseconds, signal: optional(abortSignal) },
  "{ waitMsMax }",
);
const isolation = oneOf("read_committed", "read_uncommitted");
export const listOffsetsOptions = strict(
  {
    isolation: optional(isolation),
    signal: optional(abortSignal),
  },
  "{ isolation, signal }",
);

const bytes = whole(1, "bytes");
const timeout = whole(1, "milliseconds");
const functionOf = (shape: string): ArgumentCheck =>
  kind(`a function, ${shape}`, (given) => typeof given === "function");

export const readerOptions = strict(
  {
    isolation,
    bufferBytesMax: optional(bytes),
    partitionBytesMax: optional(bytes),
    fetchWaitMsMax: optional(milliseconds),
  },
  "{ isolation }",
);
export const writerOptions = strict(
  {
    transactionalId: optional(textOf("a text that is not empty")),
    transactionTimeoutMs: optional(timeout),
    lingerMs: optional(milliseconds),
    batchBytesMax: optional(bytes),
    bufferBytesMax: optional(bytes),
    compression: optional(oneOf("none", "gzip", "zstd")),
    requestBytesMax: optional(bytes),
    deliveryTimeoutMs: optional(timeout),
    onRefused: optional(functionOf('(refusal) => "fail" or "continue"')),
  },
  "an object of options",
);
export const groupSeatOptions = strict(
  {
    groupId: groupName,
    groupInstanceId: optional(textOf("a text that is not empty")),
    protocolType: text,
    protocolName: text,
    metadata: functionOf("() => bytes"),
    assign: functionOf("(members) => bytes by member"),
    sessionTimeoutMs: optional(timeout),
    heartbeatIntervalMs: optional(timeout),
    rebalanceTimeoutMs: optional(timeout),
  },
  "{ groupId, protocolType, protocolName, metadata, assign }",
);
export const streamsMembershipOptions = strict(
  {
    groupId: groupName,
    memberId: textOf("a text that is not empty"),
    processId: textOf("a text that is not empty"),
    subtopologies: listOf(object({ subtopologyId: text }, "a sub-topology"), "sub-topologies"),
    userEndPoint: optional(
      object({ host: text, port: whole(0, "a port", 65_535) }, "{ host, port }"),
    ),
    clientTags: optional(kind("a Map", (given) => given instanceof Map)),
    sessionTimeoutMs: optional(timeout),
    rebalanceTimeoutMs: optional(timeout),
  },
  "{ groupId, memberId, processId, subtopologies }",
);
export const membershipOptions = strict(
  {
    groupId: groupName,
    groupInstanceId: optional(textOf("a text that is not empty")),
    assignors: listOf(
      object({ name: text, assign: functionOf("(group) => assignments") }, "an assignor"),
      "assignors",
    ),
    topics: functionOf("() => topics"),
    rackId: optional(textOf("a text that is not empty")),
    sessionTimeoutMs: optional(timeout),
    heartbeatIntervalMs: optional(timeout),
    rebalanceTimeoutMs: optional(timeout),
  },
  "{ groupId, assignors, topics }",
);

export function oneOf(...choices: readonly string[]): ArgumentCheck {
  const allowed = choices.map((choice) => JSON.stringify(choice)).join(" or ");
  return kind(allowed, (given) => choices.some((choice) => choice === given));
}

function pointInTime(what: string, given: unknown): void {
  if (given === "earliest" || given === "latest") return;
  const allowed = '"earliest", "latest" or { timestamp }';
  object({ timestamp: whole(0, "milliseconds since 1970") }, allowed)(what, given);
}

function isTexts(given: unknown): boolean {
  return (
    typeof given === "object" &&
    given !== null &&
    !Array.isArray(given) &&
    Object.values(given).every((value) => typeof value === "string")
  );
}
