import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { nodePlatform } from "@millrace/platform/node";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, UnsecuredJWT } from "jose";
import { afterAll, beforeAll, expect, test } from "vitest";
import { BrokerConfig } from "../../config/broker-config.ts";
import { ConfigError } from "../../config/config-error.ts";
import { signedTokens } from "./signed-tokens.ts";

const platform = nodePlatform({ logLevel: "silent" });
const folder = mkdtempSync(join(tmpdir(), "millrace-jwks-"));
const file = join(folder, "jwks.json");
let right: CryptoKeyPair;
let other: CryptoKeyPair;

async function writeKeys(pair: CryptoKeyPair, kid: string): Promise<void> {
  const key = { ...(await exportJWK(pair.publicKey)), kid, alg: "RS256" };
  writeFileSync(file, JSON.stringify({ keys: [key] }));
}

beforeAll(async () => {
  right = await generateKeyPair("RS256", { extractable: true });
  other = await generateKeyPair("RS256", { extractable: true });
  await writeKeys(right, "one");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function checkBy(url: string, properties: Readonly<Record<string, string>> = {}) {
  const config = BrokerConfig.parse(
    {
      "sasl.oauthbearer.jwks.endpoint.url": url,
      "sasl.oauthbearer.expected.issuer": "https://issuer",
      "sasl.oauthbearer.expected.audience": "kafka,other",
      ...properties,
    },
    platform.logger,
  );
  return signedTokens(config, platform, "CLIENTS");
}

const check = (token: string) => checkBy(pathToFileURL(file).href)(token);

const claims = { iss: "https://issuer", aud: "kafka", sub: "ann" };
const nowSeconds = () => Math.floor(Date.now() / 1000);

function signed(given: Readonly<Record<string, unknown>> = {}, key = right.privateKey) {
  const all = { ...claims, exp: nowSeconds() + 60, ...given };
  return new SignJWT(all).setProtectedHeader({ alg: "RS256", kid: "one" }).sign(key);
}

test("a token of the right key, issuer and audience names its subject and its end", async () => {
  const exp = nowSeconds() + 60;
  expect(await check(await signed({ exp }))).toEqual({
    principalName: "ann",
    expiresMs: exp * 1000,
  });
});

test.each([
  [
    "without signature (alg none)",
    async () => new UnsecuredJWT(claims).setExpirationTime("1m").encode(),
  ],
  ["of another key", () => signed({}, other.privateKey)],
  ["that has expired", () => signed({ exp: nowSeconds() - 120 })],
  ["without an end", () => signed({ exp: undefined })],
  ["that holds only later", () => signed({ nbf: nowSeconds() + 120 })],
  ["for another audience", () => signed({ aud: "somebody" })],
  ["of another issuer", () => signed({ iss: "https://other" })],
  ["without a subject", () => signed({ sub: undefined })],
  [
    "whose payload was changed",
    async () => {
      const [header, , signature] = (await signed()).split(".");
      const payload = JSON.stringify({ ...claims, sub: "root", exp: nowSeconds() + 60 });
      return [header, Buffer.from(payload).toString("base64url"), signature].join(".");
    },
  ],
  [
    "that is signed with the public key as a secret (HS256)",
    async () => {
      const secret = new TextEncoder().encode(await exportSPKI(right.publicKey));
      const token = new SignJWT(claims).setExpirationTime("1m");
      return token.setProtectedHeader({ alg: "HS256", kid: "one" }).sign(secret);
    },
  ],
  ["that is none", async () => "x.y.z"],
  ["that is empty", async () => ""],
])("a token %s is refused", async (_what, make) => {
  await expect(check(await make())).rejects.toThrow();
});

test("keys that are away refuse tokens, and check them once they are back", async () => {
  let isAway = true;
  const key = { ...(await exportJWK(right.publicKey)), kid: "one", alg: "RS256" };
  const server = createServer((_request, response) => {
    response.statusCode = isAway ? 503 : 200;
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ keys: [key] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // Listening on TCP, it has an address of that kind.
  const { port } = server.address() as AddressInfo;
  const byAddress = checkBy(`http://127.0.0.1:${port}/jwks`);
  try {
    await expect(byAddress(await signed())).rejects.toThrow();
    isAway = false;
    expect(await byAddress(await signed())).toMatchObject({ principalName: "ann" });
  } finally {
    server.close();
  }
});

test.each([
  [{ "sasl.oauthbearer.expected.issuer": "" }, /expected\.issuer/],
  [{ "sasl.oauthbearer.expected.audience": "" }, /expected\.audience/],
  [{ "sasl.oauthbearer.jwks.endpoint.url": "" }, /jwks\.endpoint\.url/],
  [{ "sasl.oauthbearer.jwks.endpoint.url": "http://somewhere/jwks" }, /https/],
])("what leaves a hole open is refused at the start: %o", (properties, message) => {
  expect(() => checkBy("file:///x", properties)).toThrow(ConfigError);
  expect(() => checkBy("file:///x", properties)).toThrow(message);
});
