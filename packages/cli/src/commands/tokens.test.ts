import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Broker } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { afterAll, beforeAll, expect, test } from "vitest";

import { millrace, type InProcess } from "../../test-support/run-millrace.ts";

// Delegation tokens are for those who have shown who they are.
const folder = mkdtempSync(join(tmpdir(), "millrace-tokens-"));
const module = "org.apache.kafka.common.security";
let broker: Broker;

beforeAll(async () => {
  broker = await Broker.start(nodePlatform({ logLevel: "error" }), {
    dataDirectory: join(folder, "data"),
    durability: "memory",
    properties: {
      listeners: "SASL_PLAINTEXT://127.0.0.1:0",
      "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256",
      "listener.name.sasl_plaintext.plain.sasl.jaas.config": `${module}.plain.PlainLoginModule required user_ann="a" user_bob="b";`,
      "listener.name.sasl_plaintext.scram-sha-256.sasl.jaas.config": `${module}.scram.ScramLoginModule required;`,
      "delegation.token.secret.key": "a secret",
    },
  });
});
afterAll(async () => {
  await broker.close();
  rmSync(folder, { recursive: true });
});

function configOf(name: string, mechanism: string, login: string): string {
  const file = join(folder, `${name}.properties`);
  const lines = [
    "security.protocol=SASL_PLAINTEXT",
    `sasl.mechanism=${mechanism}`,
    `sasl.jaas.config=${module}.${login};`,
  ];
  writeFileSync(file, lines.join("\n"));
  return file;
}

const plain = (name: string) =>
  configOf(
    name,
    "PLAIN",
    `plain.PlainLoginModule required username="${name}" password="${name[0]}"`,
  );

function run(words: string, config: string, more: InProcess = {}) {
  const place = ["--bootstrap-server", `127.0.0.1:${broker.address.port}`];
  return millrace([...words.split(" "), ...place, "--command-config", config], more);
}

interface Shown {
  readonly tokenId: string;
  readonly hmac: string;
  readonly issuedMs: number;
  readonly expiresMs: number;
  readonly endsMs: number;
}

async function made(words: string): Promise<Shown> {
  const { out, err } = await run(`tokens create ${words} --json`, plain("ann"));
  expect(err).toBe("");
  return JSON.parse(out) as Shown;
}

test("a token is made, listed, renewed by who may, and ended", async () => {
  const token = await made("--renewer User:bob --max-lifetime 3600000");
  expect(token).toMatchObject({ owner: "User:ann", requester: "User:ann", renewers: ["User:bob"] });
  expect(token.endsMs - token.issuedMs).toBe(3_600_000);
  const listed = await run("tokens list", plain("bob"));
  expect(listed.out).toMatch(/^id +hmac +owner +requester +renewers +expires +at the latest$/m);
  expect(listed.out).toContain(token.tokenId);
  expect((await run("tokens list --owner User:zoe", plain("ann"))).out).not.toContain(
    token.tokenId,
  );
  const lines = [token.hmac];
  const renewed = await run("tokens renew --period 60000", plain("bob"), { lines });
  expect(renewed).toMatchObject({ code: 0, out: expect.stringMatching(/until 20\d\d-.*Z$/m) });
  const over = await run(`tokens expire --hmac ${token.hmac}`, plain("ann"));
  expect(over.out).toBe("the token is over\n");
  expect((await run("tokens list", plain("ann"))).out).not.toContain(token.tokenId);
  const gone = await run("tokens renew", plain("ann"), { lines });
  expect(gone).toMatchObject({ code: 1, err: expect.stringContaining("token") });
});

test("a token lets its owner in", async () => {
  const { tokenId, hmac } = await made("--max-lifetime -1");
  const login = `scram.ScramLoginModule required username="${tokenId}" password="${hmac}" tokenauth="true"`;
  const byToken = configOf("token", "SCRAM-SHA-256", login);
  expect(await run("topics list", byToken)).toMatchObject({ code: 0, err: "" });
  expect(await run("tokens list", byToken)).toMatchObject({ code: 1, out: "" });
});

test("the spellings of Kafka's tool are taken", async () => {
  const token = await made("--max-life-time-period -1 --renewer-principal User:bob");
  const words = `tokens --renew --renew-time-period -1 --hmac ${token.hmac}`;
  expect(await run(words, plain("bob"))).toMatchObject({ code: 0, err: "" });
  const ending = `tokens --expire --expiry-time-period -1 --hmac ${token.hmac}`;
  expect((await run(ending, plain("bob"))).out).toBe("the token is over\n");
});

test("what is missing, or wrong, is told in a line", async () => {
  expect(await run("tokens renew", plain("ann"))).toMatchObject({ code: 1, out: "" });
  expect(await run("tokens create --max-lifetime -2", plain("ann"))).toMatchObject({ code: 2 });
  const nobodys = await run("tokens expire --hmac !!", plain("ann"));
  expect(nobodys.err).toMatch(/^millrace tokens expire: .+\n$/);
});
