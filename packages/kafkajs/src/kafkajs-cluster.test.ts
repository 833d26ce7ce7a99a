import type { ClusterClient } from "@millrace/cluster";
import kafkajs, { type Kafka } from "kafkajs";
import { afterEach, describe, expect, expectTypeOf, test } from "vitest";

import { kafkajsCluster, type KafkajsCluster, type KafkajsClusterOptions } from "./index.ts";

const { CompressionCodecs, CompressionTypes, Kafka: KafkaOfKafkajs, logLevel } = kafkajs;
const zstdByDefault = CompressionCodecs[CompressionTypes.ZSTD];

function kafka(): Kafka {
  return new KafkaOfKafkajs({ brokers: ["127.0.0.1:1"], logLevel: logLevel.NOTHING });
}

afterEach(() => {
  CompressionCodecs[CompressionTypes.ZSTD] = zstdByDefault;
});

describe("its capabilities", () => {
  test("are transactions, and zstd once a codec is registered", async () => {
    await using cluster = kafkajsCluster(kafka());
    expect([...cluster.capabilities]).toEqual(["transactions"]);
    CompressionCodecs[CompressionTypes.ZSTD] = () => ({});
    expect([...cluster.capabilities]).toEqual(["transactions", "zstd"]);
    await cluster.openWriter({ compression: "zstd" }).close(0);
  });

  test("tell in the refusal who lacks what, and what to do", async () => {
    await using cluster = kafkajsCluster(kafka());
    expect(() =>
      cluster.openMembership({
        groupId: "group",
        groupInstanceId: "seat",
        assignors: [],
        topics: () => [],
      }),
    ).toThrow(
      "groupInstanceId needs what kafkajs does not have: static members of a group (KIP-345). " +
        "Give StreamsApp the cluster's address instead: it has a client of its own, which has.",
    );
  });
});

test("an option that is none is refused, with the nearest one", () => {
  // @ts-expect-error: metadataMaxAge
  expect(() => kafkajsCluster(kafka(), { metadataMaxAgeMs: 5 })).toThrow(
    expect.objectContaining({ code: "UNKNOWN_OPTION" }),
  );
  // @ts-expect-error: no duration
  expect(() => kafkajsCluster(kafka(), { closeTimeout: "5 parsecs" })).toThrow(
    expect.objectContaining({ code: "INVALID_OPTION" }),
  );
});

test("once it is closed nothing can be opened", async () => {
  const cluster = kafkajsCluster(kafka());
  await cluster.close();
  await cluster.close();
  expect(() => cluster.openReader({ isolation: "read_committed" })).toThrow(
    expect.objectContaining({ code: "CLUSTER_CLOSED" }),
  );
});

test("its types are those of the port", () => {
  expectTypeOf(kafkajsCluster).parameter(0).toEqualTypeOf<Kafka>();
  expectTypeOf(kafkajsCluster).parameter(1).toEqualTypeOf<KafkajsClusterOptions | undefined>();
  expectTypeOf(kafkajsCluster).returns.toEqualTypeOf<KafkajsCluster>();
  expectTypeOf<KafkajsCluster>().toExtend<ClusterClient>();
});
