import { decodeUtf8 } from "@millrace/model";
import type { Platform } from "@millrace/platform";
import type { JSONWebKeySet, JWTVerifyGetKey } from "jose";
import type { BrokerConfig } from "../../config/broker-config.ts";
import { ConfigError } from "../../config/config-error.ts";
import type { BearerTokenCheck } from "./bearer-token.ts";
import { SaslError } from "./sasl-mechanism.ts";

/** Signatures of a key pair alone: what checks a token must not be able to make one. */
export const signatureAlgorithms: readonly string[] = Object.freeze([
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
]);

const stem = "sasl.oauthbearer.";
/** How long an address may take to give its keys. */
const timeoutMs = 5000;
/** A token of a key that is not known has a file read again, no more often than this. */
const readAgainAfterMs = 1000;

/**
 * Tokens that whoever gives them out has signed, by the keys of a JWKS file or address (Kafka: `BrokerJwtValidator`).
 * `jose` checks them. Issuer and audience must be said: without them any token of the same keys would open the broker.
 *
 * @throws ConfigError what it takes is missing
 */
export function signedTokens(
  config: BrokerConfig,
  platform: Platform,
  listener: string,
): BearerTokenCheck {
  const needed = (name: string): string => {
    const value = config.textFor(listener, stem + name, "OAUTHBEARER") ?? "";
    if (value !== "") return value;
    throw new ConfigError(
      "INVALID_PROPERTY",
      stem + name,
      `${stem + name} of the listener ${listener} is missing: OAUTHBEARER checks tokens by jwks.endpoint.url, expected.issuer and expected.audience`,
    );
  };
  const text = (name: string) => config.textFor(listener, stem + name, "OAUTHBEARER") ?? "";
  const url = urlOf(needed("jwks.endpoint.url"));
  const issuer = needed("expected.issuer");
  const audience = needed("expected.audience").split(/\s*,\s*/);
  const subjectClaim = text("sub.claim.name");
  const clockTolerance = Number(text("clock.skew.seconds"));
  const refreshMs = Number(text("jwks.endpoint.refresh.ms"));
  let keys: Promise<JWTVerifyGetKey> | undefined;
  return async (token) => {
    // Loaded by brokers that check tokens alone.
    const jose = await import("jose");
    keys ??=
      url.protocol === "file:"
        ? Promise.resolve(keysOfFile(platform, url, jose.createLocalJWKSet))
        : Promise.resolve(
            jose.createRemoteJWKSet(url, { timeoutDuration: timeoutMs, cacheMaxAge: refreshMs }),
          );
    const { payload } = await jose.jwtVerify(token, await keys, {
      algorithms: [...signatureAlgorithms],
      issuer,
      audience,
      clockTolerance,
      requiredClaims: ["exp", subjectClaim],
      currentDate: new Date(platform.clock.wallMs()),
    });
    const principalName = payload[subjectClaim];
    if (typeof principalName !== "string" || principalName === "" || payload.exp === undefined)
      throw new SaslError(`the token's ${subjectClaim} is no name`, { isTold: false });
    return { principalName, expiresMs: payload.exp * 1000 };
  };
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isLocal = url?.hostname === "localhost" || url?.hostname === "127.0.0.1";
  if (url?.protocol === "file:" || url?.protocol === "https:") return url;
  // Whoever stands between could give keys of their own.
  if (url?.protocol === "http:" && isLocal) return url;
  throw new ConfigError(
    "INVALID_PROPERTY",
    `${stem}jwks.endpoint.url`,
    `${stem}jwks.endpoint.url must be https://…, or file:///… (http:// is for this machine alone)`,
  );
}

function keysOfFile(
  { fileSystem, clock }: Platform,
  url: URL,
  createLocalJWKSet: (keys: JSONWebKeySet) => JWTVerifyGetKey,
): JWTVerifyGetKey {
  const path = decodeURIComponent(url.pathname);
  const read = () => {
    const file = fileSystem.open(path, "read");
    try {
      const bytes = new Uint8Array(file.sizeBytes());
      // `createLocalJWKSet` checks the shape.
      return createLocalJWKSet(
        JSON.parse(decodeUtf8(bytes.subarray(0, file.read(bytes, 0)))) as JSONWebKeySet,
      );
    } finally {
      file.close();
    }
  };
  let keys = read();
  let readMs = clock.monotonicMs();
  return async (header, token) => {
    try {
      return await keys(header, token);
    } catch (error) {
      if (clock.monotonicMs() - readMs < readAgainAfterMs) throw error;
      readMs = clock.monotonicMs();
      keys = read();
      return keys(header, token);
    }
  };
}
