import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Broker } from "@millrace/broker";
import { nodePlatform } from "@millrace/platform/node";
import { afterAll, beforeAll, expect, test } from "vitest";

import { facts, realCertificates } from "../../platform/test-support/certificates.ts";
import { millrace, startMillrace } from "../test-support/run-millrace.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-cli-"));
const modules = "org.apache.kafka.common.security";
const plain = `${modules}.plain.PlainLoginModule required`;
const bearer = `${modules}.oauthbearer.OAuthBearerLoginModule required`;
const ann = realCertificates.identity(facts({ subject: "CN=ann", serial: 2 }));
let broker: Broker;

/** A file in the folder; gives its path. */
function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const own = realCertificates.identity(facts());
const ca = file("ca.pem", realCertificates.authority(facts().issuer));
const key = file("ann.pem", ann.key + ann.certificate);
const store = file("ann.p12", realCertificates.pkcs12(facts({ serial: 2 }), "changeit"));

beforeAll(async () => {
  broker = await Broker.start(nodePlatform({ logLevel: "error" }), {
    dataDirectory: join(folder, "data"),
    durability: "memory",
    properties: {
      listeners: "SASL_SSL://127.0.0.1:0,SSL://127.0.0.1:0,TOKENS://127.0.0.1:0",
      "listener.security.protocol.map": "SASL_SSL:SASL_SSL,SSL:SSL,TOKENS:SASL_PLAINTEXT",
      "ssl.keystore.type": "PEM",
      "ssl.keystore.location": file("broker.pem", own.key + own.certificate),
      "ssl.truststore.type": "PEM",
      "ssl.truststore.location": ca,
      "ssl.client.auth": "required",
      "sasl.enabled.mechanisms": "PLAIN",
      "listener.name.tokens.sasl.enabled.mechanisms": "OAUTHBEARER",
      "sasl.jaas.config": `${plain} user_ann="secret";`,
      "listener.name.tokens.oauthbearer.sasl.jaas.config": `${bearer} unsecuredLoginStringClaim_sub="x";`,
    },
  });
});
afterAll(async () => {
  await broker.close();
  rmSync(folder, { recursive: true });
});

const trust = `ssl.truststore.type=PEM\nssl.truststore.location=${ca}\n`;
const asAnn = `security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\n${trust}`;

function run(config: string, listener: number) {
  const { host, port } = broker.addresses[listener];
  const given = ["--bootstrap-server", `${host}:${port}`, "--command-config"];
  return millrace(["topics", "list", ...given, file("client.properties", config)]);
}

const jaasOf = (line: string): string => `sasl.jaas.config=${line};\n`;
const tokens = "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=OAUTHBEARER\n";

test.each([
  ["a password", 0, `${asAnn}${jaasOf(`${plain} username="ann" password="secret"`)}acks=all`],
  ["a quoted password", 0, asAnn + jaasOf(`${plain} username='ann' password='secret'`)],
  [
    "a certificate as PEM",
    1,
    `security.protocol=SSL\n${trust}ssl.keystore.type=PEM\nssl.keystore.location=${key}`,
  ],
  [
    "a certificate as PKCS12",
    1,
    `security.protocol=SSL\n${trust}ssl.keystore.location=${store}\nssl.keystore.password=changeit`,
  ],
  [
    "a token without signature",
    2,
    tokens + jaasOf(`${bearer} unsecuredLoginStringClaim_sub="ann"`),
  ],
])("a command comes in by %s of Kafka's client properties", async (_what, listener, config) => {
  expect(await run(config, listener)).toMatchObject({ code: 0, err: "" });
});

test("a token comes from a file, or from an identity provider by id and secret", async () => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const token = `${part({ alg: "none" })}.${part({ sub: "ann", exp: 4e9 })}.`;
  const path = file("token", `${token}\n`);
  const ofFile = `sasl.oauthbearer.token.endpoint.url=file://${path}\n`;
  for (const handler of [
    "OAuthBearerLoginCallbackHandler",
    "secured.OAuthBearerLoginCallbackHandler",
  ]) {
    const own = `sasl.login.callback.handler.class=${modules}.oauthbearer.${handler}\n`;
    const config = tokens + own + ofFile + jaasOf(bearer);
    expect(await run(config, 2)).toMatchObject({ code: 0, err: "" });
  }
  const asked: unknown[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers.authorization);
    response.end(JSON.stringify({ access_token: token }));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const ofProvider = `sasl.oauthbearer.token.endpoint.url=http://localhost:${port}/token\n`;
  const line = jaasOf(`${bearer} clientId="id" clientSecret="hush"`);
  expect(await run(tokens + ofProvider + line, 2)).toMatchObject({ code: 0, err: "" });
  expect(asked[0]).toBe(`Basic ${Buffer.from("id:hush").toString("base64")}`);
  server.close();
});

test("a schema registry comes in likewise", async () => {
  const { host, port } = broker.addresses[0];
  const config = `${asAnn}${jaasOf(`${plain} username="ann" password="secret"`)}`;
  const place = ["--bootstrap-server", `${host}:${port}`, "--port", "0"];
  const running = startMillrace(
    "registry",
    ...place,
    "--command-config",
    file("registry.properties", config),
  );
  expect(await running.told).toMatch(/is ready at http/);
  expect(await running.end()).toMatchObject({ err: "" });
});

test.each([
  ["a wrong password", `${asAnn}${jaasOf(`${plain} username="ann" password="guess-1"`)}`, /PLAIN/],
  ["no password", asAnn, /sasl\.jaas\.config/],
  ["half a line", `${asAnn}${jaasOf(`${plain} username="ann"`)}`, /lacks password/],
  [
    "a mechanism that is not here",
    "security.protocol=SASL_SSL\nsasl.jaas.config=x required;",
    /GSSAPI/,
  ],
  [
    "a class that cannot be run here",
    "sasl.login.callback.handler.class=io.strimzi.Handler",
    /sasl\.login\.callback\.handler\.class is Kafka's own/,
  ],
  ["a name that is mistyped", "ssl.trustore.location=x", /ssl\.trustore\.location/],
  [
    "a protocol that is none",
    "security.protocol=TLS",
    /security\.protocol cannot be TLS: take PLAINTEXT, .* or SASL_SSL/,
  ],
  [
    "authorities as PEM that are not said to be so",
    `security.protocol=SSL\nssl.truststore.location=${ca}`,
    /ca\.pem is PEM: set ssl\.truststore\.type=PEM/,
  ],
  [
    "authorities of Java",
    `security.protocol=SSL\nssl.truststore.location=${store}`,
    /convert them: keytool/,
  ],
  [
    "a password for authorities, which are PEM",
    `security.protocol=SSL\n${trust}ssl.truststore.password=changeit`,
    /ssl\.truststore\.password: .* take it out/,
  ],
  [
    "a version of TLS that nobody should speak",
    `security.protocol=SSL\n${trust}ssl.protocol=TLSv1.1`,
    /ssl\.protocol: TLSv1\.1 is not spoken/,
  ],
  [
    "no authority for a broker of one's own",
    `security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\n${jaasOf(`${plain} username="ann" password="secret"`)}`,
    /`ca` or `caFile`, ssl\.truststore\.location in properties/,
  ],
  [
    "a store that is not there",
    "security.protocol=SSL\nssl.keystore.location=/none",
    /cannot be read/,
  ],
])(
  "with %s it ends with one line that says so, and shows no secret",
  async (_what, config, message) => {
    const { code, err } = await run(config, 0);
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect(err).not.toMatch(/guess-1|secret/);
  },
);
