import { decodeUtf8 } from "@millrace/model";
import type { Clock } from "@millrace/platform";
import { ConfigError } from "../../config/config-error.ts";
import { fromBase64Url } from "./base64.ts";
import type { BearerTokenCheck } from "./bearer-token.ts";
import type { JaasEntry } from "./jaas.ts";
import { SaslError } from "./sasl-mechanism.ts";

const stem = "unsecuredValidator";

/**
 * Tokens that nobody has signed (Kafka: `OAuthBearerUnsecuredValidatorCallbackHandler`): whoever writes one is who it
 * says. For tests, and where the listener is reached from this machine alone.
 *
 * @throws ConfigError an option of the JAAS line that cannot be read
 */
export function unsecuredTokens(jaas: JaasEntry, clock: Clock): BearerTokenCheck {
  const option = (name: string) => (jaas.options.get(stem + name) ?? "").trim();
  const principalClaim = option("PrincipalClaimName") || "sub";
  const scopeClaim = option("ScopeClaimName") || "scope";
  const neededScope = wordsOf(option("RequiredScope"));
  const skewMs = skewOf(option("AllowableClockSkewMs"));
  return (token) => {
    const [header, payload, signature, ...rest] = token.split(".", 4);
    if (signature !== "" || rest.length > 0) throw refused("it is no token without signature");
    if (parse(header).alg !== "none") throw refused("it says that it is signed");
    const claims = parse(payload);
    const principalName = claims[principalClaim];
    if (typeof principalName !== "string" || principalName === "")
      throw refused(`it lacks ${principalClaim}`);
    const expiresMs = timeOf(claims.exp);
    if (expiresMs === undefined) throw refused("it has no end");
    const nowMs = clock.wallMs();
    if (nowMs >= expiresMs + skewMs) throw refused("its time is over");
    const issuedMs = claims.iat === undefined ? undefined : timeOf(claims.iat);
    if (claims.iat !== undefined && issuedMs === undefined) throw refused("iat is no time");
    if (issuedMs !== undefined && issuedMs > nowMs + skewMs)
      throw refused("it comes from the future");
    if (issuedMs !== undefined && expiresMs <= issuedMs)
      throw refused("it ends before it was issued");
    const scope = scopeOf(claims[scopeClaim]);
    const missing = neededScope.find((word) => !scope.includes(word));
    if (missing !== undefined) throw refused(`its ${scopeClaim} lacks ${missing}`);
    return { principalName, expiresMs };
  };
}

function skewOf(text: string): number {
  const skewMs = Number(text);
  if (Number.isSafeInteger(skewMs) && skewMs >= 0) return skewMs;
  throw new ConfigError(
    "INVALID_PROPERTY",
    "sasl.jaas.config",
    `${stem}AllowableClockSkewMs of sasl.jaas.config is ${JSON.stringify(text)}; give milliseconds, 0 or more`,
  );
}

/** A text of words, or a list of them. */
function scopeOf(claim: unknown): readonly unknown[] {
  if (Array.isArray(claim)) return claim;
  return typeof claim === "string" ? wordsOf(claim) : [];
}

function wordsOf(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

function timeOf(claim: unknown): number | undefined {
  return typeof claim === "number" && Number.isFinite(claim) ? claim * 1000 : undefined;
}

function parse(part: string): Readonly<Record<string, unknown>> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(decodeUtf8(fromBase64Url(part)));
  } catch {
    throw refused("a part of it is no JSON");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw refused("a part of it is no object");
  // Narrowed: an object that is no list.
  return parsed as Readonly<Record<string, unknown>>;
}

function refused(reason: string): SaslError {
  return new SaslError(`the token was refused: ${reason}`, { isTold: false });
}
