import { decodeUtf8 } from "@millrace/model";
import type { Clock } from "@millrace/platform";
import { fromBase64Url } from "./base64.ts";
import type { BearerTokenCheck } from "./bearer-token.ts";
import type { JaasEntry } from "./jaas.ts";
import { SaslError } from "./sasl-mechanism.ts";

/**
 * Tokens that nobody has signed (Kafka: `OAuthBearerUnsecuredValidatorCallbackHandler`): whoever writes one is who it
 * says. For tests, and where the listener is reached from this machine alone.
 */
export function unsecuredTokens(jaas: JaasEntry, clock: Clock): BearerTokenCheck {
  const principalClaim = jaas.options.get("unsecuredValidatorPrincipalClaimName") ?? "sub";
  const skewMs = Number(jaas.options.get("unsecuredValidatorAllowableClockSkewMs") ?? 0);
  return (token) => {
    const [header, payload, signature, ...rest] = token.split(".");
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
    return { principalName, expiresMs };
  };
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
