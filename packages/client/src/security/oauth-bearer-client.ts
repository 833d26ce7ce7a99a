import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import { authenticationError } from "./authentication-error.ts";
import type { SaslClientMechanism } from "./sasl-client.ts";

/** A token, or one with SASL extensions, which some services ask for (KIP-342). */
export type BearerToken =
  | string
  | { readonly value: string; readonly extensions?: Readonly<Record<string, string>> };

/** Asked for each connection, and each time that one authenticates again: what is still good may be given again. */
export type BearerTokenProvider = (signal: AbortSignal) => BearerToken | Promise<BearerToken>;

const separator = "\u0001";
const tokenPattern = /^[-_~+/.a-zA-Z0-9]+=*$/;
const extensionName = /^[A-Za-z]+$/;
const extensionValue = /^[\x21-\x7e \t\r\n]+$/;

/** OAUTHBEARER (RFC 7628): a token that an identity provider has given out. */
export function oauthBearerClient(provider: BearerTokenProvider): SaslClientMechanism {
  return {
    mechanism: "OAUTHBEARER",
    begin: ({ signal }) => ({
      first: async () => message(await ask(provider, signal)),
      next: (challenge) => {
        if (challenge.length === 0) return undefined;
        // The broker tells why; the exchange fails behind the client's next word.
        const told = decodeUtf8(challenge);
        if (told.startsWith("{")) return encodeUtf8(separator);
        throw authenticationError("OAUTHBEARER failed: the broker's answer does not parse");
      },
    }),
  };
}

async function ask(provider: BearerTokenProvider, signal: AbortSignal): Promise<BearerToken> {
  try {
    return await provider(signal);
  } catch (cause) {
    throw authenticationError("the token provider of OAUTHBEARER gives no token; see the cause", {
      retriable: true,
      cause,
    });
  }
}

function message(token: BearerToken): Uint8Array {
  const { value, extensions = {} } = typeof token === "string" ? { value: token } : token;
  if (!tokenPattern.test(value))
    throw authenticationError("the token provider of OAUTHBEARER gives what is no bearer token");
  const pairs = Object.entries(extensions).map(([name, text]) => {
    if (name === "auth" || !extensionName.test(name) || !extensionValue.test(text))
      throw authenticationError(`the extension ${name} of the token is none that SASL can carry`);
    return `${name}=${text}${separator}`;
  });
  return encodeUtf8(`n,,${separator}auth=Bearer ${value}${separator}${pairs.join("")}${separator}`);
}
