import { decodeUtf8, encodeUtf8, noBytes } from "@millrace/model";
import type { BearerToken, BearerTokenCheck } from "./bearer-token.ts";
import {
  SaslError,
  type SaslExchange,
  type SaslMechanism,
  type SaslStep,
} from "./sasl-mechanism.ts";

const told = { isTold: true };
const saslName = "(?:[\\x01-\\x2b\\x2d-\\x3c\\x3e-\\x7f]|=2C|=3D)+";
const firstMessage = new RegExp(
  `^n,(?:a=(${saslName}))?,\\x01((?:[A-Za-z]+=[\\x21-\\x7e \\t\\r\\n]+\\x01)*)\\x01$`,
);
const bearer = /^bearer +([-_~+/.a-zA-Z0-9]+=*)$/i;
/** RFC 7628: a refusal is told as JSON, and the client says this one byte before the exchange fails. */
const refusal = JSON.stringify({ status: "invalid_token" });

/** OAUTHBEARER (RFC 7628): a token that somebody else has given out. */
export function oauthBearerMechanism(check: BearerTokenCheck): SaslMechanism {
  return { name: "OAUTHBEARER", begin: () => new OAuthBearerExchange(check) };
}

class OAuthBearerExchange implements SaslExchange {
  readonly #check: BearerTokenCheck;
  /** Why the token was refused, for the log: the client is told no more than that it was. */
  #refused: unknown;

  constructor(check: BearerTokenCheck) {
    this.#check = check;
  }

  async receive(message: Uint8Array): Promise<SaslStep> {
    if (this.#refused !== undefined)
      throw new SaslError(refusal, { isTold: true, cause: this.#refused });
    const { actsFor, token } = parse(decodeUtf8(message));
    let found: BearerToken;
    try {
      found = await this.#check(token);
    } catch (error) {
      this.#refused = error;
      return { challenge: encodeUtf8(refusal) };
    }
    const { principalName: name, expiresMs } = found;
    if (actsFor !== undefined && actsFor !== name)
      throw new SaslError(
        `Authentication failed: Client requested an authorization id (${actsFor}) that is different from the token's principal name (${name})`,
        { ...told, user: name },
      );
    return {
      challenge: noBytes,
      outcome: { principal: { kind: "User", name }, credentialExpiresMs: expiresMs },
    };
  }
}

function parse(text: string) {
  const match = firstMessage.exec(text);
  if (match === null) throw new SaslError("Invalid OAUTHBEARER client first message", told);
  const [, actsFor, pairs] = match;
  const properties = new Map<string, string>();
  for (const pair of pairs.split("\x01").filter((text) => text !== "")) {
    const at = pair.indexOf("=");
    properties.set(pair.slice(0, at), pair.slice(at + 1));
  }
  const authorization = bearer.exec(properties.get("auth") ?? "");
  if (authorization === null)
    throw new SaslError("Invalid OAUTHBEARER client first message: 'auth' holds no token", told);
  return {
    actsFor: actsFor?.replaceAll("=2C", ",").replaceAll("=3D", "="),
    token: authorization[1],
  };
}
