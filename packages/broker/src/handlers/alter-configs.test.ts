import { errorCodeOf, type ErrorName } from "@millrace/protocol";
import {
  alterConfigsApi,
  describeConfigsApi,
  incrementalAlterConfigsApi,
  listConfigResourcesApi,
} from "@millrace/protocol/definitions";
import { expect, test } from "vitest";
import { brokerWorld, runWorld } from "../../test-support/broker-world.ts";
import { TestClient } from "../../test-support/test-client.ts";
import { withClient } from "../../test-support/with-client.ts";

const topic = 2;
const broker = 4;
const brokerLogger = 8;
const clientMetrics = 16;
const group = 32;
const operations = { set: 0, delete: 1, append: 2, subtract: 3 } as const;

type Values = Readonly<Record<string, string | null>>;

async function replace(client: TestClient, type: number, name: string, values: Values) {
  const configs = Object.entries(values).map(([property, value]) => ({ name: property, value }));
  const resources = [{ resourceType: type, resourceName: name, configs }];
  const answer = await client.ask(alterConfigsApi, 2, { resources, validateOnly: false });
  return answer?.responses[0];
}

async function change(
  client: TestClient,
  [type, name]: readonly [type: number, name: string],
  values: Values,
  {
    operation = "set",
    validateOnly = false,
  }: { operation?: keyof typeof operations; validateOnly?: boolean } = {},
) {
  const configs = Object.entries(values).map(([property, value]) => ({
    name: property,
    value,
    configOperation: operations[operation],
  }));
  const resources = [{ resourceType: type, resourceName: name, configs }];
  const answer = await client.ask(incrementalAlterConfigsApi, 1, { resources, validateOnly });
  return answer?.responses[0];
}

async function described(client: TestClient, type: number, name: string, keys: readonly string[]) {
  const resources = [{ resourceType: type, resourceName: name, configurationKeys: keys }];
  const answer = await client.ask(describeConfigsApi, 4, { resources, includeSynonyms: true });
  return answer?.results[0].configs ?? [];
}

const coded = (name: ErrorName, errorMessage: unknown = expect.anything()) => ({
  errorCode: errorCodeOf(name),
  errorMessage,
});

test("AlterConfigs: what is not named is unset, of topics, groups, subscriptions and the broker", () =>
  withClient(async ({ client }) => {
    await client.createTopic("t");
    const cases = [
      [topic, "t", { "retention.ms": "7", "max.message.bytes": "9000" }, { "retention.ms": "8" }],
      [
        group,
        "g",
        { "streams.session.timeout.ms": "50000", "streams.heartbeat.interval.ms": "6000" },
        { "streams.session.timeout.ms": "50001" },
      ],
      [clientMetrics, "m", { "interval.ms": "100", metrics: "a,b" }, { "interval.ms": "200" }],
      [
        broker,
        "1",
        { "message.max.bytes": "9000", "log.retention.ms": "5" },
        { "message.max.bytes": "9001" },
      ],
    ] as const;
    for (const [type, name, first, second] of cases) {
      expect(await replace(client, type, name, first)).toMatchObject({ errorCode: 0 });
      expect(await replace(client, type, name, second)).toMatchObject({ errorCode: 0 });
      const keys = Object.keys(first);
      const now = await described(client, type, name, keys);
      const [kept] = Object.entries(second);
      expect(now).toContainEqual(expect.objectContaining({ name: kept[0], value: kept[1] }));
      const own = now.filter(({ synonyms }) =>
        synonyms.some(({ source }) => [1, 2, 7, 8].includes(source)),
      );
      expect(own.map((one) => one.name)).toEqual([kept[0]]);
    }
  }));

test("refusals are Kafka's, in Kafka's order", () =>
  withClient(async ({ client }) => {
    await client.createTopic("t");
    const list = { operation: "append" } as const;
    const less = { operation: "subtract" } as const;
    const rows = [
      [
        topic,
        "t",
        { "retention.ms": null },
        {},
        coded("INVALID_REQUEST", "Null value not supported for : retention.ms"),
      ],
      [
        topic,
        "t",
        { "retention.ms": "x" },
        {},
        coded(
          "INVALID_CONFIG",
          "Invalid value x for configuration retention.ms: Not a number of type LONG",
        ),
      ],
      [
        topic,
        "t",
        { "no.such": "1" },
        {},
        coded("INVALID_CONFIG", "Unknown topic config name: no.such"),
      ],
      [
        topic,
        "t",
        { "retention.ms": "1" },
        list,
        coded("INVALID_CONFIG", "Can't APPEND to key retention.ms because its type is not LIST."),
      ],
      [
        topic,
        "t",
        { "retention.ms": "1" },
        less,
        coded("INVALID_CONFIG", "Can't SUBTRACT to key retention.ms because its type is not LIST."),
      ],
      [
        topic,
        "",
        { "retention.ms": "1" },
        {},
        coded("INVALID_REQUEST", "Default topic resources are not allowed."),
      ],
      [
        topic,
        "nowhere",
        { "retention.ms": "1" },
        {},
        coded("UNKNOWN_TOPIC_OR_PARTITION", "The topic 'nowhere' does not exist."),
      ],
      [topic, "nowhere", { "retention.ms": "x" }, {}, coded("INVALID_CONFIG")],
      [group, "", {}, {}, coded("INVALID_REQUEST", "Default group resources are not allowed.")],
      [
        group,
        "g",
        { "no.such": "1" },
        {},
        coded("INVALID_CONFIG", "Unknown group config name: no.such"),
      ],
      [broker, "x", {}, {}, coded("INVALID_REQUEST", "Node id must be an integer, but it is: x")],
      [
        broker,
        "77",
        {},
        {},
        coded("INVALID_REQUEST", "Unexpected broker id, expected 1, but received 77"),
      ],
      [
        broker,
        "1",
        { "node.id": "7", "num.partitions": "2" },
        {},
        coded(
          "INVALID_REQUEST",
          "Cannot update these configs dynamically: [node.id, num.partitions]",
        ),
      ],
      [
        broker,
        "1",
        { "log.retention.ms": "x" },
        {},
        coded("INVALID_REQUEST", /Not a number of type LONG/),
      ],
      [broker, "1", { "ssl.key.password": "x" }, {}, coded("INVALID_REQUEST", /only per-listener/)],
      [
        broker,
        "",
        { "listener.name.plain.sasl.jaas.config": "x" },
        {},
        coded("INVALID_REQUEST", /broker id must be specified/),
      ],
      [broker, "1", { listeners: "PLAINTEXT://:1" }, {}, coded("INVALID_REQUEST", /at its start/)],
      [
        broker,
        "1",
        { "num.io.threads": "40" },
        {},
        coded("INVALID_REQUEST", /not be greater than double the current value 8/),
      ],
      [
        broker,
        "1",
        { "no.such": "1" },
        list,
        coded("INVALID_CONFIG", "Unknown config name: no.such"),
      ],
      [
        broker,
        "1",
        { "log.retention.ms": "1" },
        list,
        coded(
          "INVALID_CONFIG",
          "Config value append is not allowed for config key: log.retention.ms",
        ),
      ],
      [
        broker,
        "1",
        { "min.insync.replicas": "1" },
        {},
        coded(
          "INVALID_CONFIG",
          "Broker-level min.insync.replicas cannot be altered while ELR is enabled.",
        ),
      ],
      [
        broker,
        "",
        { "min.insync.replicas": "" },
        { operation: "delete" },
        coded(
          "INVALID_CONFIG",
          "Cluster-level min.insync.replicas cannot be removed while ELR is enabled.",
        ),
      ],
      [
        brokerLogger,
        "1",
        { "kafka.server": "DEBUG" },
        {},
        coded("INVALID_CONFIG", "Logger kafka.server does not exist!"),
      ],
      [clientMetrics, "", {}, {}, coded("INVALID_REQUEST", "Subscription name can't be empty")],
      [
        clientMetrics,
        "m",
        { "no.such": "1" },
        {},
        coded("INVALID_REQUEST", "Unknown client metrics configuration: no.such"),
      ],
      [
        clientMetrics,
        "m",
        { "interval.ms": "99" },
        {},
        coded("INVALID_REQUEST", /must be between 100 and 3600000/),
      ],
      [clientMetrics, "m", { "interval.ms": "x" }, {}, coded("INVALID_CONFIG")],
      [
        clientMetrics,
        "m",
        { match: "client_id" },
        {},
        coded("INVALID_CONFIG", "Illegal client matching pattern: client_id"),
      ],
      [
        clientMetrics,
        "m",
        { match: "client_id=[" },
        {},
        coded("INVALID_CONFIG", "Illegal client matching pattern: client_id=["),
      ],
      [clientMetrics, "m", { match: "who=x" }, {}, coded("INVALID_CONFIG")],
      [99, "x", {}, {}, coded("INVALID_REQUEST", "Unknown resource type 99")],
    ] as const;
    for (const [type, name, values, options, refusal] of rows) {
      const answer = await change(client, [type, name], values, options);
      const expected = refusal.errorMessage;
      const text = expected instanceof RegExp ? expect.stringMatching(expected) : expected;
      expect(answer, JSON.stringify([type, name, values])).toMatchObject({
        ...refusal,
        errorMessage: text,
      });
    }
    const long = (from: number) =>
      change(
        client,
        [topic, "t"],
        {
          "follower.replication.throttled.replicas": Array.from(
            { length: 4000 },
            (_, n) => `${from + n}:1`,
          ).join(","),
        },
        list,
      );
    expect(await long(10_000)).toMatchObject({ errorCode: 0 });
    expect(await long(20_000)).toMatchObject(
      coded("INVALID_CONFIG", expect.stringContaining("maximum value size of 32767 bytes")),
    );
    const twice = await client.ask(alterConfigsApi, 2, {
      resources: [0, 1].map(() => ({ resourceType: topic, resourceName: "t", configs: [] })),
      validateOnly: false,
    });
    expect(twice?.responses).toMatchObject(
      [0, 1].map(() => coded("INVALID_REQUEST", "Each resource must appear at most once.")),
    );
    const keyTwice = await client.ask(alterConfigsApi, 2, {
      resources: [
        {
          resourceType: topic,
          resourceName: "t",
          configs: [0, 1].map(() => ({ name: "retention.ms", value: "1" })),
        },
      ],
      validateOnly: false,
    });
    expect(keyTwice?.responses).toMatchObject([
      coded("INVALID_REQUEST", "Error due to duplicate config keys"),
    ]);
  }));

test("what is set while the broker runs takes effect, with its source, and lasts", async () => {
  const made = brokerWorld({
    properties: {
      "message.max.bytes": 5000,
      "offsets.topic.num.partitions": 1,
      "transaction.state.log.num.partitions": 1,
    },
  });
  await made.platform.until(
    (async () => {
      const first = await made.start();
      const { client } = first;
      await client.createTopic("t");
      const produce = async (to: TestClient) =>
        (await to.produce("t", ["x".repeat(2000)]))?.errorCode;
      const sources = async (to: TestClient) => {
        const [entry] = await described(to, broker, "1", ["message.max.bytes"]);
        const [ofTopic] = await described(to, topic, "t", ["max.message.bytes"]);
        expect(ofTopic.value).toBe(entry.value);
        expect(ofTopic.synonyms).toEqual(entry.synonyms);
        return [
          entry.configSource,
          ...entry.synonyms.map(({ value, source }) => `${source}:${value}`),
        ];
      };
      expect(await sources(client)).toEqual([4, "4:5000", "5:1048588"]);
      expect(await produce(client)).toBe(0);
      expect(
        await change(client, [broker, ""], { "message.max.bytes": "1000" }, { validateOnly: true }),
      ).toMatchObject({ errorCode: 0 });
      expect(await produce(client)).toBe(0);
      expect(await change(client, [broker, ""], { "message.max.bytes": "1000" })).toMatchObject({
        errorCode: 0,
      });
      expect(await produce(client)).toBe(errorCodeOf("MESSAGE_TOO_LARGE"));
      expect(await sources(client)).toEqual([3, "3:1000", "4:5000", "5:1048588"]);
      expect(await described(client, broker, "", [])).toMatchObject([
        { name: "message.max.bytes", value: "1000", configSource: 3 },
        { name: "min.insync.replicas", value: "1", configSource: 3 },
      ]);
      expect(await change(client, [broker, "1"], { "message.max.bytes": "4000" })).toMatchObject({
        errorCode: 0,
      });
      expect(await produce(client)).toBe(0);
      expect(await sources(client)).toEqual([2, "2:4000", "3:1000", "4:5000", "5:1048588"]);
      await first.broker.close();
      const second = await made.start();
      expect(await sources(second.client)).toEqual([2, "2:4000", "3:1000", "4:5000", "5:1048588"]);
      expect(
        await change(
          second.client,
          [broker, "1"],
          { "message.max.bytes": "" },
          { operation: "delete" },
        ),
      ).toMatchObject({ errorCode: 0 });
      expect(await produce(second.client)).toBe(errorCodeOf("MESSAGE_TOO_LARGE"));
      await second.broker.close();
    })(),
  );
});

test("a name that Kafka does not know is taken of the broker, and has no effect", () =>
  runWorld({}, async ({ start }) => {
    const { broker: running, client } = await start();
    expect(await change(client, [broker, "1"], { "no.such": "1" })).toMatchObject({ errorCode: 0 });
    await running.close();
    await (await start()).broker.close();
  }));

test("groups and subscriptions that something is set for are listed", () =>
  withClient(async ({ client }) => {
    await change(client, [group, "g"], { "streams.session.timeout.ms": "50000" });
    await change(client, [clientMetrics, "m"], { metrics: "org.apache" });
    const list = async () => {
      const answer = await client.ask(listConfigResourcesApi, 1, {
        resourceTypes: [clientMetrics, group],
      });
      return answer?.configResources.map(({ resourceName }) => resourceName);
    };
    expect(await list()).toEqual(["g", "m"]);
    await change(
      client,
      [group, "g"],
      { "streams.session.timeout.ms": "" },
      { operation: "delete" },
    );
    expect(await list()).toEqual(["m"]);
    expect(await described(client, clientMetrics, "m", [])).toMatchObject([
      { name: "interval.ms", value: "300000", configSource: 5, synonyms: [] },
      { name: "match", value: "", configSource: 5 },
      { name: "metrics", value: "org.apache", configSource: 7 },
    ]);
  }));

test("how many connections there may be, and how fast they come, changes while the broker runs", () =>
  runWorld({ port: undefined }, async ({ platform, start }) => {
    const { broker: running, client } = await start();
    const connect = async () => {
      const other = await TestClient.connect(platform, running.address);
      const answer = await other.ask(listConfigResourcesApi, 1, { resourceTypes: [group] });
      other.connection.destroy();
      return answer?.errorCode;
    };
    const set = (values: Values, operation: keyof typeof operations = "set") =>
      change(client, [broker, ""], values, { operation });
    expect(await connect()).toBe(0);
    expect(await set({ "max.connection.creation.rate": "1" })).toMatchObject({ errorCode: 0 });
    for (let count = 0; count < 10; count++) await connect();
    const startMs = platform.clock.monotonicMs();
    expect(await connect()).toBe(0);
    expect(platform.clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(1000);
    await set({ "max.connection.creation.rate": "" }, "delete");
    expect(await set({ "max.connections.per.ip": "1" })).toMatchObject({ errorCode: 0 });
    expect(await connect()).toBeUndefined();
    await set({ "max.connections.per.ip": "" }, "delete");
    expect(await connect()).toBe(0);
    await running.close();
  }));

test("what Kerberos and a broker's own logins would read is taken, though it is read by nobody", () =>
  withClient(async ({ client }) => {
    const names = ["sasl.kerberos.min.time.before.relogin", "sasl.login.refresh.buffer.seconds"];
    const answer = await client.ask(incrementalAlterConfigsApi, 1, {
      resources: [
        {
          resourceType: broker,
          resourceName: "1",
          configs: names.map((name) => ({ name, configOperation: 0, value: "58" })),
        },
      ],
      validateOnly: false,
    });
    expect(answer?.responses[0]).toMatchObject(coded("NONE", null));
  }));
