import { memoryPlatform } from "@millrace/platform/memory";
import { bytes, string } from "@millrace/serde";
import { describe, expect, test } from "vitest";
import { connect } from "./kafka-client.ts";

const platform = memoryPlatform();
const client = connect(platform, { bootstrapServers: "127.0.0.1:9092" });

/** Options as a program without types gives them. */
function given(options: unknown): never {
  return options as never;
}

const handle = (name: string) => ({ name, key: string(), value: string() });
const connection = { bootstrapServers: "127.0.0.1:9092" };
const consuming = { topics: ["orders"] };

describe("what a client is given", () => {
  test.each([
    [
      "nothing",
      undefined,
      /takes an object of options, at least { bootstrapServers }; it was given undefined/,
    ],
    ["a promise", Promise.resolve({}), /it was given a promise \(await it first\)/],
    ["no brokers", {}, /bootstrapServers is missing/],
    ["brokers that are a promise", { bootstrapServers: Promise.resolve("") }, /await it first/],
    ["brokers that are a number", { bootstrapServers: 9092 }, /bootstrapServers is 9092; give/],
    ["a time that is none", { ...connection, requestTimeout: "soon" }, /requestTimeout is "soon"/],
    ["no time at all", { ...connection, connectTimeout: 0 }, /connectTimeout is 0/],
    [
      "a pause beyond the longest one",
      { ...connection, retryBackoff: "5s" },
      /retryBackoff is "5s" and retryBackoffMax is "1s"; retryBackoff must not exceed/,
    ],
    ["codecs that are none", { ...connection, codecs: "gzip" }, /codecs is "gzip"/],
    ["a flag that is a text", { ...connection, checkCrcs: "no" }, /checkCrcs is "no"/],
  ])("connect refuses %s", (_, options, message) => {
    expect(() => connect(platform, given(options))).toThrow(
      expect.objectContaining({
        code: "INVALID_OPTION",
        message: expect.stringMatching(message),
      }),
    );
  });

  test.each([
    [{ compression: "snappy" }, /compression is "snappy"; give "none", "gzip" or "zstd"/],
    [{ linger: "3m" }, /linger must be shorter than deliveryTimeout/],
    [{ linger: -1 }, /linger is -1/],
    [{ linger: Number.NaN }, /linger is NaN/],
    [{ transactionTimeout: "1m" }, /transactionTimeout is for a producer with a transactionalId/],
    [{ transactionalId: "" }, /transactionalId is ""/],
    [{ batchBytesMax: "64KB" }, /batchBytesMax is "64KB"/],
    [{ bufferBytesMax: 0.5 }, /bufferBytesMax is 0\.5/],
    [{ value: JSON }, /value is .*; give a serde, such as string\(\) or json\(schema\)/],
    [{ key: (text: string) => text }, /key is a function; give a serde/],
  ])("a producer refuses %j", (options, message) => {
    expect(() => client.producer(given(options))).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", message: expect.stringMatching(message) }),
    );
  });

  test.each([
    [undefined, /takes an object/],
    [{}, /topics is missing/],
    [{ topics: "orders" }, /topics is "orders"; give a list/],
    [{ topics: [] }, /topics is an empty list/],
    [{ topics: ["orders", 5] }, /topics is a list; give a list of names of topics, or of handles/],
    [{ topics: ["orders", handle("payments")] }, /topics is a list; give a list of names/],
    [
      { topics: [{ name: "orders" }] },
      /topics is a list; give a list of names of topics, or of handles/,
    ],
    [{ topics: [{ ...handle("orders"), key: 5 }] }, /topics is a list; give a list of names/],
    [{ topics: [{ ...handle("") }] }, /topics is a list; give a list of names/],
    [
      { topics: [handle("orders"), { ...handle("payments"), value: bytes() }] },
      /topics that are read together have the same serdes/,
    ],
    [{ ...consuming, isolationLevel: "serializable" }, /isolationLevel is "serializable"/],
    [{ ...consuming, autoOffsetReset: "beginning" }, /autoOffsetReset is "beginning"/],
    [{ ...consuming, sessionTimeout: "2s" }, /must be shorter than sessionTimeout/],
    [{ ...consuming, groupInstanceId: "a" }, /groupInstanceId is for a consumer with a groupId/],
    [{ ...consuming, assignors: ["range"] }, /assignors is a list; give a list of assignors/],
    [
      { ...consuming, onDeserializationError: "continue" },
      /give "fail", "skip" or a synchronous function/,
    ],
    [{ ...consuming, onDeserializationError: async () => "skip" }, /is an async function; give/],
  ])("a consumer refuses %j", (options, message) => {
    expect(() => client.consumer(given(options))).toThrow(
      expect.objectContaining({ code: "INVALID_OPTION", message: expect.stringMatching(message) }),
    );
  });

  test.each([
    ["connect", () => connect(platform, given({ ...connection, "client.id": "x" })), "clientId"],
    ["a producer", () => client.producer(given({ lingerMs: 5 })), "linger"],
    ["a producer", () => client.producer(given({ acks: 1 })), 'has no option "acks"'],
    [
      "a consumer",
      () => client.consumer(given({ ...consuming, isolation: "x" })),
      "isolationLevel",
    ],
    ["a consumer", () => client.consumer(given({ ...consuming, groupID: "g" })), "groupId"],
  ])("%s names an option that is not known", (_, open, hint) => {
    expect(open).toThrow(
      expect.objectContaining({ code: "UNKNOWN_OPTION", message: expect.stringContaining(hint) }),
    );
  });
});
