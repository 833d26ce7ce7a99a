import { memoryPlatform } from "@millrace/platform/memory";
import { errorCodeOf } from "@millrace/protocol";
import { expect, test } from "vitest";
import { BrokerConfig } from "../../config/broker-config.ts";
import { MetadataStore } from "../../metadata/metadata-store.ts";
import {
  DelegationTokenIssuer,
  delegationTokensMax,
  delegationTokensOfRequesterMax,
} from "./delegation-token-issuer.ts";

const who = { owner: "User:ann", requester: "User:ann", renewers: [] };
const order = { ...who, maxLifetimeMs: -1 };

function issuerWorld() {
  const platform = memoryPlatform();
  const properties = { "delegation.token.secret.key": "secret" };
  const config = BrokerConfig.parse(properties, platform.logger);
  let offset = 0;
  const append = (values: readonly Uint8Array[]) => Promise.resolve((offset += values.length));
  const metadata = new MetadataStore({ append, replay: () => {} }, platform);
  const issuer = new DelegationTokenIssuer({ platform, config, metadata });
  return { platform, metadata, issuer };
}

test("there are so many tokens and no more, until some have ended", async () => {
  const { platform, metadata, issuer } = issuerWorld();
  const nowMs = Math.floor(platform.clock.wallMs());
  const { delegationTokens } = metadata.image;
  for (let index = 0; index < delegationTokensMax; index++) {
    // The last 2500 have ended.
    const maxTimestamp = index < delegationTokensMax - 2500 ? nowMs + 1000 : nowMs - 1;
    const times = { issueTimestamp: 0, maxTimestamp, expirationTimestamp: maxTimestamp };
    delegationTokens.set({ ...who, requester: `User:${index % 4}`, ...times, tokenId: `${index}` });
  }
  expect(await issuer.create(order)).toBe("POLICY_VIOLATION");
  await issuer.removeExpired(new AbortController().signal);
  expect(delegationTokens.size).toBe(delegationTokensMax - 2500);
  expect(await issuer.create(order)).toMatchObject({
    owner: "User:ann",
    maxTimestamp: expect.any(Number),
  });
});

test("whoever asks for tokens has half of them at most, for whomever they are: others have the rest", async () => {
  const { platform, metadata, issuer } = issuerWorld();
  const endMs = Math.floor(platform.clock.wallMs()) + 1000;
  const times = { issueTimestamp: 0, maxTimestamp: endMs, expirationTimestamp: endMs };
  for (let index = 0; index < delegationTokensOfRequesterMax; index++)
    metadata.image.delegationTokens.set({ ...who, ...times, tokenId: `${index}` });
  const forBob = { ...order, owner: "User:bob" };
  expect(await issuer.create(forBob)).toBe("POLICY_VIOLATION");
  expect(await issuer.create({ ...forBob, requester: "User:bob" })).toMatchObject({
    owner: "User:bob",
  });
  metadata.image.delegationTokens.remove("0");
  expect(await issuer.create(order)).toMatchObject({ owner: "User:ann" });
});

test("where the metadata are of a time before tokens (3.6-IV2), there are none", async () => {
  const { metadata, issuer } = issuerWorld();
  const setLevel = (featureLevel: number) =>
    metadata.change(() => ({
      records: [{ kind: "featureLevel", value: { name: "metadata.version", featureLevel } }],
      result: undefined,
    }));
  await setLevel(13);
  const claim = { principal: "User:ann", hmac: new Uint8Array(), periodMs: -1 };
  const unsupported = errorCodeOf("UNSUPPORTED_VERSION");
  expect(await issuer.create(order)).toBe("UNSUPPORTED_VERSION");
  expect(await issuer.renew(claim)).toMatchObject({ errorCode: unsupported });
  expect(await issuer.expire(claim)).toMatchObject({ errorCode: unsupported });
  await setLevel(14);
  expect(await issuer.create(order)).toMatchObject({ owner: "User:ann" });
});
