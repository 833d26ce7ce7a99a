import { encodeUtf8, noHeaders } from "@millrace/model";
import { type MetricTags, prometheusText } from "@millrace/platform";
import { encodeRequest } from "@millrace/protocol";
import {
  addPartitionsToTxnApi,
  deleteGroupsApi,
  deleteTopicsApi,
  endTxnApi,
  initProducerIdApi,
  produceApi,
} from "@millrace/protocol/definitions";
import { RecordBatchBuilder } from "@millrace/protocol/records";
import { expect, test } from "vitest";
import { runWorld } from "../test-support/broker-world.ts";
import { setGroupConfigs, ShareMember } from "../test-support/share-member-script.ts";
import { produceRequest, type TestClient } from "../test-support/test-client.ts";
import { type Broker, brokerMetricDescriptions } from "./index.ts";
import type { MetricName } from "./metrics/metric-descriptions.ts";

async function valuesOf(broker: Broker) {
  const values = await broker.metrics();
  return (name: MetricName, tags: MetricTags = {}) =>
    values.find((one) => {
      const wanted = Object.entries(tags);
      const isSame = wanted.every(([tag, value]) => one.tags[tag] === value);
      return one.name === name && isSame && Object.keys(one.tags).length === wanted.length;
    })?.value;
}

test("a broker tells what topics, APIs, partitions and groups do", () =>
  runWorld({}, async ({ start }) => {
    const { broker, client } = await start();
    await client.createTopic("orders");
    await client.produce("orders", ["a", "b"]);
    client.tell(produceApi, 9, produceRequest("orders", ["c"], 0));
    await client.produce("orders", ["x"], -1, 7);
    await client.fetch("orders", 0);
    await client.fetch("orders", 99);
    await client.fetch("made up", 0);
    await client.commitOffset("readers", "orders", 1);
    const value = await valuesOf(broker);
    const topic = { topic: "orders" };
    const sizeBytes = value("kafka_log_log_size", { ...topic, partition: "0" });
    expect(value("kafka_server_brokertopicmetrics_messagesin_total", topic)).toBe(3);
    expect(value("kafka_server_brokertopicmetrics_bytesin_total", topic)).toBe(sizeBytes);
    expect(value("kafka_server_brokertopicmetrics_bytesout_total", topic)).toBe(sizeBytes);
    expect(value("kafka_server_brokertopicmetrics_totalproducerequests_total", topic)).toBe(2);
    expect(value("kafka_server_brokertopicmetrics_failedproducerequests_total", topic)).toBe(0);
    expect(value("kafka_server_brokertopicmetrics_failedproducerequests_total")).toBe(1);
    expect(value("kafka_server_brokertopicmetrics_totalfetchrequests_total", topic)).toBe(2);
    expect(value("kafka_server_brokertopicmetrics_failedfetchrequests_total", topic)).toBe(1);
    expect(value("kafka_server_brokertopicmetrics_failedfetchrequests_total")).toBe(1);
    expect(value("kafka_network_requestmetrics_requests_total", { request: "Produce" })).toBe(3);
    expect(value("kafka_network_requestmetrics_errors_total", { request: "Produce" })).toBe(0);
    expect(
      value("kafka_network_requestmetrics_totaltimems_total", { request: "Produce" }),
    ).toBeGreaterThanOrEqual(0);
    expect(value("kafka_server_socketservermetrics_connection_count")).toBe(1);
    expect(value("kafka_server_socketservermetrics_connections_accepted_total")).toBe(1);
    expect(value("kafka_log_log_logendoffset", { ...topic, partition: "0" })).toBe(3);
    const group = { consumergroup: "readers", topic: "orders", partition: "0" };
    expect(value("kafka_consumergroup_current_offset", group)).toBe(1);
    expect(value("kafka_consumergroup_lag", group)).toBe(2);
    expect(value("millrace_consumergroup_verdict", group)).toBe(0);
    const empty = { protocol: "classic", state: "Empty" };
    expect(value("kafka_server_group_coordinator_metrics_group_count", empty)).toBe(1);
    await broker.close();
  }));

const atOnce = { properties: { "group.share.assignment.interval.ms": 0 } };

test("a broker tells what share groups have on the way", () =>
  runWorld(atOnce, async ({ start }) => {
    const { broker, client } = await start();
    await client.createTopic("orders");
    await setGroupConfigs(client, { "share.auto.offset.reset": "earliest" });
    await client.produce("orders", ["a", "b", "c"]);
    const member = await ShareMember.join(client, "m", "orders");
    await member.fetch({ maxWaitMs: 1000 });
    const value = await valuesOf(broker);
    const shared = { group: "g", topic: "orders", partition: "0" };
    expect(value("kafka_server_sharepartitionmetrics_inflightmessagecount", shared)).toBe(3);
    expect(value("kafka_server_sharesessioncache_sharesessionscount")).toBe(1);
    await member.leave();
    const later = await valuesOf(broker);
    expect(later("kafka_server_sharesessioncache_sharesessionscount")).toBe(0);
    expect(later("kafka_server_sharepartitionmetrics_inflightmessagecount", shared)).toBe(
      undefined,
    );
    await broker.close();
  }));

test("a group that was left while there was something to read is stopped", () =>
  runWorld({}, async ({ platform, start }) => {
    const { broker, client } = await start();
    await client.createTopic("orders");
    await client.produce("orders", ["a"]);
    await client.commitOffset("readers", "orders", 0);
    await broker.metrics();
    await platform.timers.sleep(61_000);
    const group = { consumergroup: "readers", topic: "orders", partition: "0" };
    expect((await valuesOf(broker))("millrace_consumergroup_verdict", group)).toBe(3);
    await client.commitOffset("readers", "orders", 1);
    expect((await valuesOf(broker))("millrace_consumergroup_verdict", group)).toBe(0);
    await broker.close();
  }));

/** A record, and the marker of its transaction behind it. */
async function produceInTransaction(client: TestClient): Promise<void> {
  const transactionalId = "x";
  const answer = await client.ask(initProducerIdApi, 4, {
    transactionalId,
    transactionTimeoutMs: 60_000,
  });
  const producer = {
    producerId: answer?.producerId ?? -1,
    producerEpoch: answer?.producerEpoch ?? -1,
  };
  const topics = [{ name: "orders", partitions: [0] }];
  await client.ask(addPartitionsToTxnApi, 3, {
    v3AndBelowTransactionalId: transactionalId,
    v3AndBelowProducerId: producer.producerId,
    v3AndBelowProducerEpoch: producer.producerEpoch,
    v3AndBelowTopics: topics,
  });
  const builder = new RecordBatchBuilder({ capacityBytes: 256 });
  builder.append(1000, null, encodeUtf8("v"), noHeaders);
  const records = builder.build({ ...producer, baseSequence: 0, isTransactional: true });
  await client.ask(produceApi, 9, {
    transactionalId,
    acks: -1,
    timeoutMs: 1000,
    topicData: [{ name: "orders", partitionData: [{ index: 0, records }] }],
  });
  await client.ask(endTxnApi, 3, { ...producer, transactionalId, committed: true });
}

test("a group that has all records is well, where it does not count the markers of transactions", () =>
  runWorld({}, async ({ platform, start }) => {
    const { broker, client } = await start();
    await client.createTopic("orders");
    await produceInTransaction(client);
    await client.commitOffset("readers", "orders", 1);
    await broker.metrics();
    await platform.timers.sleep(61_000);
    const group = { consumergroup: "readers", topic: "orders", partition: "0" };
    const value = await valuesOf(broker);
    expect(value("kafka_consumergroup_lag", group)).toBe(1); // as Kafka's own tools tell it
    expect(value("millrace_consumergroup_verdict", group)).toBe(0);
    await client.produce("orders", ["a"]);
    await platform.timers.sleep(61_000);
    expect((await valuesOf(broker))("millrace_consumergroup_verdict", group)).toBe(3);
    await broker.close();
  }));

test("nothing is left of topics and groups that were deleted", () =>
  runWorld({}, async ({ start }) => {
    const { broker, client } = await start();
    const told = async () => prometheusText(await broker.metrics());
    for (const topic of ["orders", "kept"]) {
      await client.createTopic(topic);
      await client.produce(topic, ["a"]);
      await client.commitOffset(`of ${topic}`, topic, 0);
    }
    expect(await told()).toMatch(/"orders"[^]*"of orders"|"of orders"[^]*"orders"/);
    await client.ask(deleteTopicsApi, 5, { topicNames: ["orders"], timeoutMs: 1000 });
    await client.ask(deleteGroupsApi, 2, { groupsNames: ["of orders"] });
    await client.produce("orders", ["late"]);
    const text = await told();
    expect(text).not.toContain("orders");
    expect(text).toContain('"of kept"');
    await broker.close();
  }));

test("a request that does not parse counts as one that failed", () =>
  runWorld({}, async ({ platform, start }) => {
    const { broker, client } = await start();
    const header = { version: 9, correlationId: 1, clientId: "cut" };
    const whole = Buffer.concat(encodeRequest(produceApi, header, produceRequest("orders", ["a"])));
    const cut = whole.slice(0, 40);
    cut.writeInt32BE(cut.length - 4);
    client.connection.write([cut]);
    await platform.timers.sleep(1);
    const value = await valuesOf(broker);
    expect(value("kafka_network_requestmetrics_requests_total", { request: "Produce" })).toBe(1);
    expect(value("kafka_network_requestmetrics_errors_total", { request: "Produce" })).toBe(1);
    await broker.close();
  }));

test("a connection that is one too many is counted", () =>
  runWorld({ properties: { "max.connections.per.ip": 1 } }, async ({ platform, start }) => {
    const { broker } = await start();
    await platform.network.connect(broker.address);
    await platform.timers.sleep(1);
    const value = await valuesOf(broker);
    expect(value("millrace_connections_refused_total")).toBe(1);
    expect(value("kafka_server_socketservermetrics_connection_count")).toBe(1);
    await broker.close();
  }));

test("a broker is ready until it closes, and healthy until its device fails", () =>
  runWorld({}, async ({ start, gate }) => {
    const { broker, client } = await start();
    await client.createTopic("orders");
    expect([await broker.isReady(), broker.isHealthy]).toEqual([true, true]);
    gate.breakSyncs();
    await client.produce("orders", ["a"]);
    expect([await broker.isReady(), broker.isHealthy]).toEqual([false, false]);
    await broker.close();
    expect(await broker.isReady()).toBe(false);
  }));

test("every metric is described, and every description is of a metric", () =>
  runWorld(atOnce, async ({ start }) => {
    const { broker, client } = await start();
    await client.createTopic("orders");
    await client.produce("orders", ["a"]);
    await client.commitOffset("readers", "orders", 0);
    const member = await ShareMember.join(client, "m", "orders");
    await member.fetch({ maxWaitMs: 1000 });
    const names = new Set((await broker.metrics()).map(({ name }) => name));
    expect([...names].toSorted()).toEqual(Object.keys(brokerMetricDescriptions).toSorted());
    await broker.close();
  }));
