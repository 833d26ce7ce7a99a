import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import { errorCodeOf } from "@millrace/protocol";
import {
  alterUserScramCredentialsApi,
  createAclsApi,
  createDelegationTokenApi,
  deleteAclsApi,
  describeAclsApi,
  describeDelegationTokenApi,
  describeUserScramCredentialsApi,
  expireDelegationTokenApi,
  initProducerIdApi,
  listGroupsApi,
  listTransactionsApi,
  metadataApi,
  renewDelegationTokenApi,
  saslAuthenticateApi,
  saslHandshakeApi,
} from "@millrace/protocol/definitions";
import { createHmac, pbkdf2Sync, createHash } from "node:crypto";
import { expect, test } from "vitest";
import { brokerWorld, type BrokerWorld } from "../../test-support/broker-world.ts";
import { TestClient } from "../../test-support/test-client.ts";
import type { Broker } from "../broker.ts";

const properties = {
  "offsets.topic.num.partitions": 2,
  "transaction.state.log.num.partitions": 2,
  listeners: "PLAINTEXT://127.0.0.1:9092,INSIDE://127.0.0.1:9094",
  "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,INSIDE:SASL_PLAINTEXT",
  "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,OAUTHBEARER",
  "listener.name.inside.plain.sasl.jaas.config":
    'org.apache.kafka.common.security.plain.PlainLoginModule required user_ann="her \\"secret\\"" user_root="r";',
  "listener.name.inside.oauthbearer.sasl.jaas.config":
    'x.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="t";',
  "listener.name.inside.scram-sha-256.connections.max.reauth.ms": 3000,
  "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
  "super.users": "User:ANONYMOUS;User:root",
};

interface Story {
  readonly world: BrokerWorld;
  readonly broker: Broker;
  /** Of the first listener: a super user. */
  readonly master: TestClient;
  dial(): Promise<TestClient>;
}

async function secured(story: (given: Story) => Promise<void>): Promise<void> {
  const world = brokerWorld({ properties, port: undefined });
  await world.platform.until(
    (async () => {
      const { broker, client } = await world.start();
      const dial = () => TestClient.connect(world.platform, broker.addresses[1]);
      await story({ world, broker, master: client, dial });
      await broker.close();
    })(),
  );
}

async function authenticate(client: TestClient, mechanism: string, message: string) {
  await client.ask(saslHandshakeApi, 1, { mechanism });
  return client.ask(saslAuthenticateApi, 2, { authBytes: encodeUtf8(message) });
}

const salt = encodeUtf8("salt");
const salted = (password: string) => pbkdf2Sync(password, salt, 4096, 32, "sha256");

function addUser(master: TestClient, name: string, password: string) {
  const credential = {
    name,
    mechanism: 1,
    iterations: 4096,
    salt,
    saltedPassword: salted(password),
  };
  return master.ask(alterUserScramCredentialsApi, 0, { deletions: [], upsertions: [credential] });
}

async function scram(client: TestClient, name: string, password: string) {
  const bare = `n=${name},r=abc`;
  const first = await authenticate(client, "SCRAM-SHA-256", `n,,${bare}`);
  if (first?.errorCode !== 0) return first;
  const challenge = decodeUtf8(first.authBytes);
  const last = `c=biws,r=${/r=([^,]+)/.exec(challenge)?.[1]}`;
  const mac = (key: Uint8Array, text: string) => createHmac("sha256", key).update(text).digest();
  const key = mac(salted(password), "Client Key");
  const stored = createHash("sha256").update(key).digest();
  const signature = mac(stored, `${bare},${challenge},${last}`);
  const proof = Buffer.from(key.map((byte, index) => byte ^ signature[index])).toString("base64");
  return client.ask(saslAuthenticateApi, 2, { authBytes: encodeUtf8(`${last},p=${proof}`) });
}

const rule = (
  operation: number,
  permissionType = 3,
  resourceName = "t",
  resourcePatternType = 3,
) => ({
  resourceType: 2,
  resourceName,
  resourcePatternType,
  principal: "User:ann",
  host: "*",
  operation,
  permissionType,
});

const anyRule = {
  resourceTypeFilter: 1,
  resourceNameFilter: null,
  patternTypeFilter: 1,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
};

const codeOf = { topicRefused: 29, clusterRefused: 31, illegalState: 34, saslFailed: 58 };

test("who knows the password of a JAAS line is served, and told the address of the listener it came by", () =>
  secured(async ({ dial }) => {
    const client = await dial();
    expect(await authenticate(client, "PLAIN", '\0ann\0her "secret"')).toMatchObject({
      errorCode: 0,
    });
    const answer = await client.ask(metadataApi, 12, { topics: [] });
    expect(answer?.brokers[0].port).toBe(9094);
  }));

test("a wrong password, and a user that is not there, are told in the same words after the same delay", () =>
  secured(async ({ world, dial }) => {
    const refusals: unknown[] = [];
    for (const message of ["\0ann\0wrong", "\0nobody\0wrong"]) {
      const startMs = world.platform.clock.monotonicMs();
      const client = await dial();
      const answer = await authenticate(client, "PLAIN", message);
      expect(world.platform.clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(100);
      expect(await client.ask(listGroupsApi, 4, {})).toBeUndefined();
      refusals.push(answer);
    }
    expect(refusals[0]).toMatchObject({ errorCode: codeOf.saslFailed });
    expect(refusals[1]).toEqual(refusals[0]);
  }));

test("what is asked before authentication, or beyond its size, ends the connection", () =>
  secured(async ({ dial }) => {
    expect(await (await dial()).ask(metadataApi, 12, { topics: [] })).toBeUndefined();
    const size = Uint8Array.of(0, 16, 0, 0);
    expect(await (await dial()).send([size])).toBeUndefined();
    const client = await dial();
    await client.ask(saslHandshakeApi, 1, { mechanism: "PLAIN" });
    expect(await client.ask(listGroupsApi, 4, {})).toMatchObject({
      errorCode: codeOf.illegalState,
    });
    expect(await client.ask(listGroupsApi, 4, {})).toBeUndefined();
  }));

test("a listener without SASL takes no handshake", () =>
  secured(async ({ master }) => {
    const handshake = await master.ask(saslHandshakeApi, 1, { mechanism: "PLAIN" });
    expect(handshake).toMatchObject({ errorCode: codeOf.illegalState });
    const answer = await master.ask(saslAuthenticateApi, 2, { authBytes: encodeUtf8("x") });
    expect(answer).toMatchObject({ errorCode: codeOf.illegalState });
  }));

test("a user that was added shows its password by SCRAM, until it is taken away", () =>
  secured(async ({ master, dial }) => {
    expect(await addUser(master, "sam", "right")).toMatchObject({ results: [{ errorCode: 0 }] });
    expect(await scram(await dial(), "sam", "right")).toMatchObject({
      errorCode: 0,
      sessionLifetimeMs: 3000,
    });
    expect(await scram(await dial(), "sam", "wrong")).toMatchObject({
      errorCode: codeOf.saslFailed,
    });
    expect(await scram(await dial(), "tim", "right")).toMatchObject({
      errorCode: codeOf.saslFailed,
    });
    const described = await master.ask(describeUserScramCredentialsApi, 0, { users: null });
    expect(described?.results).toMatchObject([
      { user: "sam", credentialInfos: [{ mechanism: 1, iterations: 4096 }] },
    ]);
    const deletions = [{ name: "sam", mechanism: 1 }];
    await master.ask(alterUserScramCredentialsApi, 0, { deletions, upsertions: [] });
    expect(await scram(await dial(), "sam", "right")).toMatchObject({
      errorCode: codeOf.saslFailed,
    });
  }));

test("who was refused is told in the log, by name and mechanism, and counted", () =>
  secured(async ({ world, broker, master, dial }) => {
    await addUser(master, "sam", "right");
    await scram(await dial(), "sam", "wrong");
    await scram(await dial(), "tim", "right");
    await authenticate(await dial(), "PLAIN", "\0ann\0guess-1");
    await authenticate(await dial(), "PLAIN", `\0${"a".repeat(5000)}\0guess-1`);
    const sam = await dial();
    await scram(sam, "sam", "right");
    await world.platform.timers.sleep(2000);
    await scram(sam, "sam", "wrong");
    await world.platform.timers.sleep(200);
    const told = world.told.filter(({ event }) => event === "broker.authentication-failed");
    expect(told).toMatchObject([
      { mechanism: "SCRAM-SHA-256", user: "sam" },
      { mechanism: "SCRAM-SHA-256", user: "tim" },
      { mechanism: "PLAIN", user: "ann" },
      { mechanism: "PLAIN", user: "a".repeat(200) },
      { mechanism: "SCRAM-SHA-256", user: "sam" },
    ]);
    expect(JSON.stringify(told)).not.toContain("guess-1");
    const counted = (await broker.metrics()).filter(
      ({ name, tags }) => name.includes("authentication") && tags["listener"] === "INSIDE",
    );
    expect(counted.map(({ name, value }) => [name.replace(/.*metrics_/, ""), value])).toEqual([
      ["successful_authentication_total", 1],
      ["failed_authentication_total", 4],
      ["successful_reauthentication_total", 0],
      ["failed_reauthentication_total", 1],
    ]);
  }));

test("a session that is over serves nothing; one that is authenticated again goes on", () =>
  secured(async ({ world, master, dial }) => {
    await addUser(master, "sam", "right");
    const [late, again] = [await dial(), await dial()];
    for (const client of [late, again]) await scram(client, "sam", "right");
    await world.platform.timers.sleep(2000);
    expect(await scram(again, "sam", "right")).toMatchObject({ errorCode: 0 });
    await world.platform.timers.sleep(1500);
    expect(await again.ask(listGroupsApi, 4, {})).toMatchObject({ errorCode: 0 });
    expect(await late.ask(listGroupsApi, 4, {})).toBeUndefined();
  }));

test("rules allow, deny before they allow, and hold no longer than they are there", () =>
  secured(async ({ master, dial }) => {
    await master.createTopic("t");
    const ann = await dial();
    await authenticate(ann, "PLAIN", '\0ann\0her "secret"');
    expect(await ann.produce("t", ["a"])).toMatchObject({ errorCode: codeOf.topicRefused });
    const write = 4;
    await master.ask(createAclsApi, 3, { creations: [rule(write)] });
    expect(await ann.produce("t", ["a"])).toMatchObject({ errorCode: 0 });
    const deny = 2;
    const prefixed = 4;
    await master.ask(createAclsApi, 3, { creations: [rule(write, deny, "t", prefixed)] });
    expect(await ann.produce("t", ["a"])).toMatchObject({ errorCode: codeOf.topicRefused });
    const filters = [{ ...anyRule, permissionType: deny }];
    await master.ask(deleteAclsApi, 3, { filters });
    expect(await ann.produce("t", ["a"])).toMatchObject({ errorCode: 0 });
    await master.ask(deleteAclsApi, 3, { filters: [anyRule] });
    expect(await ann.produce("t", ["a"])).toMatchObject({ errorCode: codeOf.topicRefused });
    const described = await master.ask(describeAclsApi, 3, anyRule);
    expect(described).toMatchObject({ errorCode: 0, resources: [] });
  }));

test("users and rules are there after a restart", async () => {
  const world = brokerWorld({ properties, port: undefined });
  await world.platform.until(
    (async () => {
      const before = await world.start();
      await addUser(before.client, "sam", "right");
      await before.client.ask(createAclsApi, 3, { creations: [rule(4)] });
      await before.broker.close();
      const after = await world.start();
      const sam = await TestClient.connect(world.platform, after.broker.addresses[1]);
      expect(await scram(sam, "sam", "right")).toMatchObject({ errorCode: 0 });
      const described = await after.client.ask(describeAclsApi, 3, anyRule);
      expect(described?.resources).toMatchObject([{ resourceName: "t" }]);
      await after.broker.close();
    })(),
  );
});

test("rules and users are for those who may change the cluster", () =>
  secured(async ({ dial }) => {
    const ann = await dial();
    await authenticate(ann, "PLAIN", '\0ann\0her "secret"');
    const { clusterRefused: errorCode } = codeOf;
    expect(await ann.ask(describeAclsApi, 3, anyRule)).toMatchObject({ errorCode });
    const created = await ann.ask(createAclsApi, 3, { creations: [rule(4)] });
    expect(created).toMatchObject({ results: [{ errorCode }] });
    const deleted = await ann.ask(deleteAclsApi, 3, { filters: [anyRule] });
    expect(deleted).toMatchObject({ filterResults: [{ errorCode }] });
    expect(await addUser(ann, "sam", "x")).toMatchObject({ results: [{ errorCode }] });
    const users = [{ name: "sam" }];
    const described = await ann.ask(describeUserScramCredentialsApi, 0, { users });
    expect(described).toMatchObject({ errorCode });
  }));

test("without a secret there are no delegation tokens: told so to those who have shown who they are", () =>
  secured(async ({ master, dial }) => {
    const ann = await dial();
    await authenticate(ann, "PLAIN", '\0ann\0her "secret"');
    const hmac = encodeUtf8("x");
    // The controller that Kafka asks leaves the times at 0.
    for (const [client, errorCode, time] of [
      [master, 64, -1],
      [ann, 61, 0],
    ] as const) {
      const made = await client.ask(createDelegationTokenApi, 3, {
        ownerPrincipalType: null,
        ownerPrincipalName: null,
        renewers: [],
        maxLifetimeMs: -1,
      });
      expect(made).toMatchObject({ errorCode, expiryTimestampMs: time });
      const request = { renewers: [], maxLifetimeMs: -1 };
      expect(await client.ask(createDelegationTokenApi, 1, request)).toMatchObject({ errorCode });
      const renewed = await client.ask(renewDelegationTokenApi, 2, { hmac, renewPeriodMs: 1 });
      expect(renewed).toMatchObject({ errorCode, expiryTimestampMs: time });
      const ended = await client.ask(expireDelegationTokenApi, 2, { hmac, expiryTimePeriodMs: 1 });
      expect(ended).toMatchObject({ errorCode, expiryTimestampMs: time });
      const described = await client.ask(describeDelegationTokenApi, 3, { owners: null });
      expect(described).toMatchObject({ errorCode, tokens: [] });
    }
  }));

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
const later = 4_000_000_000;

test.each([
  ["its time is over", `${part({ alg: "none" })}.${part({ sub: "ann", exp: 1 })}.`],
  ["no end", `${part({ alg: "none" })}.${part({ sub: "ann" })}.`],
  ["no subject", `${part({ alg: "none" })}.${part({ exp: later })}.`],
  ["an algorithm that it names", `${part({ alg: "HS256" })}.${part({ sub: "ann", exp: later })}.`],
  [
    "a signature that nobody checks",
    `${part({ alg: "none" })}.${part({ sub: "ann", exp: later })}.c2ln`,
  ],
  ["no JSON", "x.y."],
])("a token with %s is refused", (_what, token) =>
  secured(async ({ world, dial }) => {
    const client = await dial();
    const answer = await authenticate(client, "OAUTHBEARER", `n,,\x01auth=Bearer ${token}\x01\x01`);
    expect(decodeUtf8(answer?.authBytes ?? encodeUtf8(""))).toBe('{"status":"invalid_token"}');
    const after = await client.ask(saslAuthenticateApi, 2, { authBytes: encodeUtf8("\x01") });
    expect(after).toMatchObject({ errorCode: codeOf.saslFailed });
    await client.ask(listGroupsApi, 4, {});
    const told = world.told.find(({ event }) => event === "broker.authentication-failed");
    const error = told?.["error"];
    expect(error instanceof Error && String(error.cause)).toMatch(/token was refused/);
  }),
);

test("a token without signature is taken where the JAAS line asks for such, and its end is the session's", () =>
  secured(async ({ world, dial }) => {
    const exp = Math.floor(world.platform.clock.wallMs() / 1000) + 60;
    const token = `${part({ alg: "none" })}.${part({ sub: "ann", exp })}.`;
    const answer = await authenticate(
      await dial(),
      "OAUTHBEARER",
      `n,,\x01auth=Bearer ${token}\x01\x01`,
    );
    expect(answer?.errorCode).toBe(0);
    expect(answer?.sessionLifetimeMs).toBeGreaterThan(58_000);
    expect(world.told.some(({ event }) => event === "broker.unsecured-tokens")).toBe(true);
  }));

test("an id that a client may not see does not keep it from listing transactions by a pattern", () =>
  secured(async ({ master, dial }) => {
    const begin = { transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 };
    await master.ask(initProducerIdApi, 4, { transactionalId: "a".repeat(30_000), ...begin });
    const list = async (client: TestClient) => {
      const none = { stateFilters: [], producerIdFilters: [], durationFilter: -1 };
      const transactionalIdPattern = "(.*a)".repeat(100);
      const answer = await client.ask(listTransactionsApi, 2, { ...none, transactionalIdPattern });
      return answer?.errorCode;
    };
    const ann = await dial();
    await authenticate(ann, "PLAIN", '\0ann\0her "secret"');
    expect(await list(ann)).toBe(0);
    expect(await list(master)).toBe(errorCodeOf("INVALID_REGULAR_EXPRESSION"));
  }));
