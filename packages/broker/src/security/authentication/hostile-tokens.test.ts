import { encodeUtf8 } from "@millrace/model";
import {
  listGroupsApi,
  saslAuthenticateApi,
  saslHandshakeApi,
} from "@millrace/protocol/definitions";
import { nodePlatform } from "@millrace/platform/node";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { exportJWK, generateKeyPair } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { AllocationWatch } from "../../../../../test/fuzz/allocation.ts";
import { runWorld } from "../../../test-support/broker-world.ts";
import { authenticate } from "../../../test-support/sign-in.ts";
import { TestClient } from "../../../test-support/test-client.ts";
import { BrokerConfig } from "../../config/broker-config.ts";
import type { BearerTokenCheck } from "./bearer-token.ts";
import { parseJaas } from "./jaas.ts";
import { oauthBearerMechanism } from "./oauth-bearer.ts";
import { SaslError } from "./sasl-mechanism.ts";
import { signedTokens } from "./signed-tokens.ts";
import { unsecuredTokens } from "./unsecured-tokens.ts";

/** Nearly as large as what a listener receives of somebody unknown. */
const hugeBytes = 500_000;
const multipleMax = 40;
const platform = nodePlatform({ logLevel: "silent" });
const folder = mkdtempSync(join(tmpdir(), "millrace-hostile-tokens-"));
let checks: readonly BearerTokenCheck[];

beforeAll(async () => {
  const { publicKey } = await generateKeyPair("RS256");
  const file = join(folder, "jwks.json");
  writeFileSync(
    file,
    JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: "RS256" }] }),
  );
  const properties = {
    "sasl.oauthbearer.jwks.endpoint.url": pathToFileURL(file).href,
    "sasl.oauthbearer.expected.issuer": "https://issuer",
    "sasl.oauthbearer.expected.audience": "kafka",
  };
  const config = BrokerConfig.parse(properties, platform.logger);
  checks = [
    unsecuredTokens(parseJaas("p", "x required;"), platform.clock),
    signedTokens(config, platform, "CLIENTS"),
  ];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const encoded = (text: string) => Buffer.from(text).toString("base64url");
const header = encoded('{"alg":"none"}');
const signedHeader = encoded('{"alg":"RS256"}');
const long = (text: string) => text.repeat(Math.ceil(hugeBytes / text.length)).slice(0, hugeBytes);

const huge: readonly (readonly [string, string])[] = [
  ["of one letter", long("a")],
  ["of dots", long(".")],
  ["with a long header", `${encoded(`{"alg":"none","x":"${long("a").slice(0, 130_000)}"}`)}.e30.`],
  ["with a long name", `${header}.${encoded(`{"exp":1,"sub":"${long("a").slice(0, 130_000)}"}`)}.`],
  ["with lists in lists", `${header}.${encoded(long("[").slice(0, 30_000))}.`],
  ["with many claims", `${header}.${encoded(`[${long("{},").slice(0, 130_000)}{}]`)}.`],
  ["with a long signature", `${signedHeader}.e30.${long("a").slice(100)}`],
  [
    "with lists in lists that is signed",
    `${signedHeader}.${encoded(long("[").slice(0, 30_000))}.YQ`,
  ],
  ["of equals signs", `a${long("=")}`],
];

test.each(huge)(
  "a huge token %s is refused, and costs in proportion to its size",
  async (_what, token) => {
    for (const check of checks) {
      const message = encodeUtf8(`n,,\x01auth=Bearer ${token}\x01\x01`);
      const watch = new AllocationWatch();
      const answers: unknown[] = [];
      const receive = () => void answers.push(oauthBearerMechanism(check).begin().receive(message));
      receive();
      await Promise.allSettled(answers);
      expect(watch.run(message.length, receive)).toBeUndefined();
      for (const settled of await Promise.allSettled(answers))
        if (settled.status === "rejected") expect(settled.reason).toBeInstanceOf(SaslError);
        else expect(settled.value).toEqual({ challenge: encodeUtf8('{"status":"invalid_token"}') });
      expect(watch.greatest).toBeLessThan(multipleMax);
    }
  },
);

const properties = {
  "offsets.topic.num.partitions": 1,
  "transaction.state.log.num.partitions": 1,
  listeners: "INSIDE://127.0.0.1:9092",
  "listener.security.protocol.map": "INSIDE:SASL_PLAINTEXT",
  "sasl.enabled.mechanisms": "OAUTHBEARER",
  "listener.name.inside.oauthbearer.sasl.jaas.config":
    'x.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="t";',
};

test("a token that is larger than what a listener receives ends the connection, before it is there", () =>
  runWorld({ properties, port: undefined }, async (world) => {
    const { broker, client } = await world.start();
    await client.ask(saslHandshakeApi, 1, { mechanism: "OAUTHBEARER" });
    const claimed = Buffer.alloc(4);
    claimed.writeInt32BE(524_289);
    expect(await client.send([claimed])).toBeUndefined();
    await broker.close();
  }));

test.each([524_288, 5_000_000])(
  "the same holds for who comes back to authenticate again, with %i bytes",
  (sizeBytes) =>
    runWorld({ properties, port: undefined }, async (world) => {
      const { broker, client } = await world.start();
      const exp = Math.floor(world.platform.clock.wallMs() / 1000) + 3600;
      const token = `${header}.${encoded(JSON.stringify({ sub: "ann", exp }))}.`;
      const message = `n,,\x01auth=Bearer ${token}\x01\x01`;
      expect(await authenticate(client, "OAUTHBEARER", message)).toMatchObject({ errorCode: 0 });
      await world.platform.timers.sleep(2000);
      await client.ask(saslHandshakeApi, 1, { mechanism: "OAUTHBEARER" });
      const authBytes = new Uint8Array(sizeBytes).fill(0x61);
      expect(await client.ask(saslAuthenticateApi, 2, { authBytes })).toBeUndefined();
      const other = await TestClient.connect(world.platform, broker.address);
      await authenticate(other, "OAUTHBEARER", message);
      await world.platform.timers.sleep(2000);
      expect(await authenticate(other, "OAUTHBEARER", message)).toMatchObject({ errorCode: 0 });
      expect(await other.ask(listGroupsApi, 4, {})).toMatchObject({ errorCode: 0 });
      await broker.close();
    }),
);
