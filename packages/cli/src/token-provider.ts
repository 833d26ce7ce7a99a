import { readFile } from "node:fs/promises";

import { ConfigError } from "@millrace/broker";
import { JoinedSignal } from "@millrace/platform";

/** What a file for `--command-config` says; null: nothing of that name. */
export type ClientProperty = (name: string) => string | null;

const endpoint = "sasl.oauthbearer.token.endpoint.url";
const unsecuredClaim = "unsecuredLoginStringClaim_";
const unsecuredSeconds = 3600;
const requestMsMax = 10_000;

/**
 * Where tokens for OAUTHBEARER come from: a file that somebody keeps fresh, or an identity provider's
 * address, by client id and secret (Kafka: `FileJwtRetriever`, `ClientCredentialsJwtRetriever`); or
 * written here, without signature, where the JAAS line asks for that.
 *
 * @throws ConfigError `INVALID_PROPERTY`
 */
export function tokenProvider(
  text: ClientProperty,
  options: ReadonlyMap<string, string>,
): (signal: AbortSignal) => string | Promise<string> {
  const claims = [...options]
    .filter(([name]) => name.startsWith(unsecuredClaim))
    .map(([name, value]) => [name.slice(unsecuredClaim.length), value] as const);
  if (claims.length > 0) return () => unsignedToken(Object.fromEntries(claims));
  const given = text(endpoint);
  const url = given !== null && URL.canParse(given) ? new URL(given) : undefined;
  if (url?.protocol === "file:") return async () => (await readFile(url, "utf8")).trim();
  const isSafe = url?.protocol === "https:" || url?.hostname === "localhost";
  if (url === undefined || !isSafe)
    throw new ConfigError(
      "INVALID_PROPERTY",
      endpoint,
      `${endpoint} must be https://…, or file:///… of a token (http:// is for localhost alone)`,
    );
  const [id, secret] = [options.get("clientId"), options.get("clientSecret")];
  if (id === undefined || secret === undefined)
    throw new ConfigError(
      "INVALID_PROPERTY",
      "sasl.jaas.config",
      "sasl.jaas.config lacks clientId and clientSecret",
    );
  const scope = options.get("scope") ?? text("sasl.oauthbearer.scope") ?? undefined;
  return (signal) => fetchToken({ url, id, secret, scope, signal });
}

interface TokenRequest {
  readonly url: URL;
  readonly id: string;
  readonly secret: string;
  readonly scope: string | undefined;
  readonly signal: AbortSignal;
}

async function fetchToken({ url, id, secret, scope, signal }: TokenRequest): Promise<string> {
  using ends = new JoinedSignal(signal, AbortSignal.timeout(requestMsMax));
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` },
    body: new URLSearchParams({
      grant_type: "client_credentials",
      ...(scope === undefined ? {} : { scope }),
    }),
    signal: ends.signal,
  });
  const answer: unknown = response.ok ? await response.json() : undefined;
  if (typeof answer === "object" && answer !== null && "access_token" in answer)
    return String(answer.access_token);
  throw new Error(`${url.origin} answers ${response.status} in the place of a token`);
}

function unsignedToken(claims: Readonly<Record<string, string>>): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const iat = Math.floor(Date.now() / 1000);
  return `${part({ alg: "none" })}.${part({ ...claims, iat, exp: iat + unsecuredSeconds })}.`;
}
