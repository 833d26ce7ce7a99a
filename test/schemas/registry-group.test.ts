import { createServer, type AddressInfo } from "node:net";

import { connect } from "@millrace/client";
import { nodePlatform } from "@millrace/platform/node";
import { SchemaRegistryServer } from "@millrace/schema-registry-server";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";

import { startBundledBroker, type BundledBroker } from "../interop/bundled-broker.ts";
import {
  ask,
  recordWith,
  register,
  startRegistry,
  type RegistryOptions,
} from "./registry-world.ts";

let broker: BundledBroker;
let topicCount = 0;
const open = new Set<SchemaRegistryServer>();

beforeAll(async () => {
  broker = await startBundledBroker({
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1000,
  });
});
afterAll(() => broker[Symbol.asyncDispose]());
afterEach(async () => {
  await Promise.all([...open].map((server) => server.close()));
  open.clear();
});

function ownGroup(): RegistryOptions {
  const topic = `_schemas-${++topicCount}`;
  return { topic, groupId: topic, sessionTimeout: "3s" };
}

async function start(options: RegistryOptions): Promise<SchemaRegistryServer> {
  const server = await startRegistry(broker.address, options);
  open.add(server);
  return server;
}

async function startThree(): Promise<readonly SchemaRegistryServer[]> {
  const group = ownGroup();
  const servers = [await start(group), await start(group), await start(group)];
  await until(() => servers.filter(({ isLeader }) => isLeader).length === 1);
  return servers;
}

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500 && !holds(); turn++)
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(holds()).toBe(true);
}

/** Members rejoin while others come and go: as a client does, it is tried again meanwhile. */
async function patiently<Result>(work: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 50 || !/\b5000[1-4]\b/.test(String(error))) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

/** The same of an answer. */
function askPatiently(url: string, request: string, body?: unknown): ReturnType<typeof ask> {
  return patiently(async () => {
    const answer = await ask(url, request, body);
    if (answer.status >= 500) throw new Error(JSON.stringify(answer.body));
    return answer;
  });
}

test("of several one leads, whichever is asked to write, and who wrote reads it where it wrote", async () => {
  const servers = await startThree();
  const ids: number[] = [];
  for (const [index, { url }] of [...servers, ...servers].entries()) {
    const id = await patiently(() => register(url, `s${index}`, recordWith(`f${index}`)));
    ids.push(id);
    expect((await ask(url, `GET /subjects/s${index}/versions/1`)).body).toMatchObject({ id });
    expect((await ask(url, `GET /schemas/ids/${id}`)).status).toBe(200);
  }
  expect(ids).toEqual([1, 2, 3, 4, 5, 6]);
});

test("errors, settings and deletes come through a follower as from the leader", async () => {
  const servers = await startThree();
  const follower = servers.find(({ isLeader }) => !isLeader)?.url ?? "";
  await patiently(() => register(follower, "a%2Fb", recordWith("a")));
  const incompatible = '{"type":"record","name":"R","fields":[{"name":"z","type":"int"}]}';
  const refused = await askPatiently(follower, "POST /subjects/a%2Fb/versions", {
    schema: incompatible,
  });
  expect(refused).toMatchObject({ status: 409, body: { error_code: 40901 } });
  const config = await askPatiently(follower, "PUT /config/a%2Fb", { compatibility: "NONE" });
  expect(config).toEqual({ status: 200, body: { compatibility: "NONE" } });
  expect((await askPatiently(follower, "DELETE /subjects/a%2Fb")).body).toEqual([1]);
  expect((await askPatiently(follower, "GET /subjects")).body).toEqual([]);
  expect((await askPatiently(follower, "DELETE /contexts/.none")).status).toBe(204);
});

const leaderCount = process.env["MILLRACE_VERIFY"] === "1" ? 4 : 2;

test("where the leader closes another one leads, and no id comes twice", async () => {
  const group = ownGroup();
  const ids: number[] = [];
  let oldest = await start(group);
  for (let round = 0; round < leaderCount; round++) {
    const next = await start(group);
    ids.push(await patiently(() => register(next.url, `s${round}`, recordWith(`f${round}`))));
    await oldest.close();
    open.delete(oldest);
    ids.push(await patiently(() => register(next.url, `t${round}`, recordWith(`g${round}`))));
    await until(() => next.isLeader);
    oldest = next;
  }
  expect(ids).toEqual(Array.from({ length: 2 * leaderCount }, (_, index) => index + 1));
  expect((await ask(oldest.url, "GET /subjects")).body).toHaveLength(2 * leaderCount);
});

test("a member that may not lead does not, and says that nobody does", async () => {
  const server = await start({ ...ownGroup(), leaderEligibility: false, timeout: "300ms" });
  expect(server.isLeader).toBe(false);
  const refused = await ask(server.url, "POST /subjects/s/versions", { schema: '"int"' });
  expect(refused).toMatchObject({ status: 500, body: { error_code: 50004 } });
  expect((await ask(server.url, "GET /subjects")).status).toBe(200);
});

test("a leader that does not answer is told as such", async () => {
  const group = ownGroup();
  // Its name is nobody's: members reach it nowhere.
  const leader = await start({ ...group, advertisedHost: "127.0.0.254" });
  await until(() => leader.isLeader);
  const follower = await start({ ...group, timeout: "2s" });
  await until(() => leader.isLeader && !follower.isLeader);
  const refused = await ask(follower.url, "POST /subjects/s/versions", { schema: '"int"' });
  expect(refused).toMatchObject({ status: 500, body: { error_code: 50003 } });
  expect(await patiently(() => register(leader.url, "s", '"int"'))).toBe(1);
});

test("a session that the broker does not take is told by the start", async () => {
  const starting = start({ ...ownGroup(), sessionTimeout: "100ms" });
  await expect(starting).rejects.toThrow(/session/i);
});

test("members speak Confluent's protocol: type sr, protocol v0, identities as JSON", async () => {
  const group = ownGroup();
  const server = await start(group);
  await using client = connect(nodePlatform({ logLevel: "silent" }), {
    bootstrapServers: broker.address,
  });
  const groupId = group.groupId ?? "";
  const described = await client.admin.describeGroup(groupId);
  expect(described).toMatchObject({ protocolType: "sr" });
  const told: unknown[] = [];
  const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const decode = (bytes: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(bytes));
  // A Confluent registry, as far as it speaks here: eligible, with a URL that would come first, but not the leader.
  const identity = {
    version: 1,
    host: "127.0.0.1",
    port: 1,
    scheme: "http",
    master_eligibility: true,
    leader: false,
  };
  const seat = client.openGroupSeat({
    groupId,
    protocolType: "sr",
    protocolName: "v0",
    metadata: () => encode(identity),
    assign: (members) => {
      told.push(...members.map(({ metadata }) => decode(metadata)));
      const leader = {
        version: 1,
        error: 0,
        master: members[0].memberId,
        master_identity: identity,
      };
      return new Map(members.map(({ memberId }) => [memberId, encode(leader)]));
    },
    sessionTimeoutMs: 3000,
  });
  const assigned = decode(await seat.join());
  const own = { host: "127.0.0.1", port: server.address.port, scheme: "http", version: 1 };
  expect(assigned).toMatchObject({
    error: 0,
    master_identity: { ...own, master_eligibility: true, leader: true },
  });
  await seat.close();
});

test("needs no more than an address; while its group has it wait it is read, and changes wait", async () => {
  const { topic = "", groupId = "" } = ownGroup();
  const first = await SchemaRegistryServer.start({
    bootstrapServers: broker.address,
    port: 0,
    topic,
    groupId,
  });
  const id = await register(first.url, "s", recordWith("a"));
  await first.close();
  await using client = connect(nodePlatform({ logLevel: "silent" }), {
    bootstrapServers: broker.address,
  });
  const silent = client.openGroupSeat({
    groupId,
    protocolType: "sr",
    protocolName: "v0",
    metadata: () => new Uint8Array(),
    assign: () => new Map(),
    sessionTimeoutMs: 60_000,
  });
  await silent.join();
  const port = await freePort();
  const starting = start({ topic, groupId, port });
  const url = `http://127.0.0.1:${port}`;
  const read = async () => ask(url, "GET /subjects/s/versions/1").catch(() => undefined);
  await expect.poll(async () => (await read())?.body).toMatchObject({ id });
  const changed = register(url, "s", recordWith("a", "b"));
  await silent.close();
  expect(await changed).toBeGreaterThan(id);
  await starting;
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<unknown>((resolve) => server.close(resolve));
  return port;
}
