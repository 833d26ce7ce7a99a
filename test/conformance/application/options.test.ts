import { expect, test } from "vitest";

import type { Program } from "../program.ts";
import { readApplicationOptions } from "./options.ts";

const program: Program = {
  name: "p",
  config: { app: "own", guarantee: "exactlyOnce", cacheBytes: 7 },
  program: [],
  steps: [],
};

const least = ["--bootstrap", "host:1", "--state", "dir"];

function read(...more: readonly string[]) {
  return readApplicationOptions([...least, ...more], program);
}

test("a program's settings and the parameters become an application's options", () => {
  expect(read("--commit", "250", "--replication", "3").options).toMatchObject({
    applicationId: "own",
    cluster: "host:1",
    stateDirectory: "dir",
    processingGuarantee: "exactly_once",
    cacheBytesMax: 7,
    commitInterval: 250,
    replicationFactor: 3,
    sessionTimeout: 10_000,
    metadataMaxAge: 1_000,
    autoOffsetReset: "earliest",
  });
  const { options } = readApplicationOptions(least, { ...program, config: {} });
  expect(options).toMatchObject({
    applicationId: "app",
    processingGuarantee: "at_least_once",
    cacheBytesMax: 0,
    commitInterval: 100,
  });
});

test("settings come under Kafka's names too, and the last one counts", () => {
  const handler = "org.apache.kafka.streams.errors.LogAndContinueExceptionHandler";
  const given = [
    "consumer.session.timeout.ms=6000",
    "processing.guarantee=at_least_once",
    "application.id=7",
    `deserialization.exception.handler=${handler}`,
    "topology.optimization=all",
    "processing.guarantee=exactly_once_v2",
  ];
  const plan = read(...given.flatMap((setting) => ["--set", setting]));
  expect(plan.options).toMatchObject({
    applicationId: "7",
    sessionTimeout: 6000,
    processingGuarantee: "exactly_once",
    onDeserializationError: "continue",
  });
  expect(plan.program.config).toMatchObject({ optimize: "all" });
});

test("values may begin with a dash, as replication's default does", () => {
  expect(read("--replication", "-1", "--commit", "7").options).toMatchObject({
    replicationFactor: -1,
    commitInterval: 7,
  });
});

test("names may have the prefix of the client that they are for, or none", () => {
  const given = [
    "main.consumer.heartbeat.interval.ms=700",
    "producer.transaction.timeout.ms=8000",
    "producer.compression.type=gzip",
    "max.request.size=4096",
    "group.protocol=CLASSIC",
  ];
  expect(read(...given.flatMap((setting) => ["--set", setting])).options).toMatchObject({
    heartbeatInterval: 700,
    transactionTimeout: 8000,
    compression: "gzip",
    requestBytesMax: 4096,
  });
});

test("loops come as threads, one where nothing is said", () => {
  expect(read("--threads", "2").options).toMatchObject({ threads: 2 });
  expect(read("--set", "num.stream.threads=3").options).toMatchObject({ threads: 3 });
  expect(read().options).toMatchObject({ threads: 1 });
});

test("the streams protocol leaves standbys to the group's config, as in Kafka", () => {
  const { options } = read("--protocol", "streams", "--standbys", "1");
  expect(options).toMatchObject({ groupProtocol: "streams" });
  expect(options).not.toHaveProperty("numStandbyReplicas");
  expect(read("--standbys", "1").options).toMatchObject({ numStandbyReplicas: 1 });
});

test("what is no option, no setting or no pair is refused", () => {
  const code = (expected: string) => expect.objectContaining({ code: expected });
  expect(() => read("--thread", "1")).toThrow(code("UNKNOWN_OPTION"));
  expect(() => read("--set", "commit.interval=1")).toThrow(code("UNKNOWN_OPTION"));
  expect(() => read("--set", "global.consumer.auto.offset.reset=latest")).toThrow(
    code("UNKNOWN_OPTION"),
  );
  expect(() => read("--set", "commit.interval.ms")).toThrow(code("INVALID_OPTION"));
  expect(() => read("--commit")).toThrow(code("INVALID_OPTION"));
  for (const [name, value] of [
    ["--threads", "many"],
    ["--commit", "soon"],
    ["--replication", "1.5"],
  ] as const)
    expect(() => read(name, value)).toThrow(code("INVALID_OPTION"));
  expect(() => readApplicationOptions(["--state", "dir"], program)).toThrow(code("INVALID_OPTION"));
});
