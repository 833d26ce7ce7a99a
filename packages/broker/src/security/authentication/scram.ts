import { decodeUtf8, encodeUtf8, noBytes } from "@millrace/model";
import type { Random } from "@millrace/platform";
import {
  type ScramCredential,
  type ScramCredentials,
  type ScramMechanismName,
  scramMechanisms,
} from "../../metadata/scram-credentials.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import { digest, hmac, isSameSecret } from "./digests.ts";
import {
  SaslError,
  type SaslExchange,
  type SaslMechanism,
  type SaslOutcome,
  type SaslStep,
} from "./sasl-mechanism.ts";
import { hashOfScram } from "./scram-keys.ts";
import type { TokenCredentials } from "./token-credentials.ts";

const saslName = "(?:[\\x01-\\x2b\\x2d-\\x3c\\x3e-\\x7f]|=2C|=3D)+";
const value = "[\\x01-\\x2b\\x2d-\\x7f]+";
const printable = "[\\x21-\\x2b\\x2d-\\x7e]+";
const extensions = `((?:,[a-zA-Z]+=${value})*)`;
const base64 = "[a-zA-Z0-9/+]+={0,2}";
const firstMessage = new RegExp(
  `^(n,(?:a=(${saslName}))?,)((?:m=${value},)?n=(${saslName}),r=(${printable})${extensions})$`,
);
const lastMessage = new RegExp(`^c=(${base64}),r=(${printable})${extensions},p=(${base64})$`);

const untold = { isTold: false };

export interface ScramOptions {
  readonly credentials: ScramCredentials;
  readonly tokens: Pick<TokenCredentials, "find">;
  readonly random: Random;
}

/** SCRAM (RFC 5802): both sides show that they know the password, which is never sent. */
export function scramMechanism(name: ScramMechanismName, options: ScramOptions): SaslMechanism {
  return { name, begin: () => new ScramExchange(name, options) };
}

interface Begun {
  readonly credential: ScramCredential;
  readonly outcome: SaslOutcome;
  /** As the client said it: a user's name, or a token's id. */
  readonly user: string;
  readonly header: string;
  readonly nonce: string;
  /** The first two messages, as they are signed. */
  readonly signed: string;
}

class ScramExchange implements SaslExchange {
  readonly #name: ScramMechanismName;
  readonly #options: ScramOptions;
  #begun: Begun | undefined;

  constructor(name: ScramMechanismName, options: ScramOptions) {
    this.#name = name;
    this.#options = options;
  }

  receive(message: Uint8Array): SaslStep {
    const text = decodeUtf8(message);
    return this.#begun === undefined ? this.#first(text) : this.#last(text, this.#begun);
  }

  #first(text: string): SaslStep {
    const match = firstMessage.exec(text);
    if (match === null) throw new SaslError("the first message does not parse", untold);
    const [, header, actsFor, bare, escaped, clientNonce, given] = match;
    const user = escaped.replaceAll("=2C", ",").replaceAll("=3D", "=");
    const found = isTokenShown(given) ? this.#tokenOf(user) : this.#userOf(user);
    if (found === undefined) {
      // The other side learns that it was refused, as Kafka tells it; the time is that of a wrong password.
      this.#spendTime();
      throw new SaslError("there is no such user, or token", { ...untold, user });
    }
    if (actsFor !== undefined && actsFor !== user)
      throw new SaslError(
        "Authentication failed: Client requested an authorization id that is different from username",
        { isTold: true, user },
      );
    const { credential } = found;
    const { random } = this.#options;
    const nonce = clientNonce + toBase64(random.fill(new Uint8Array(18)));
    const challenge = `r=${nonce},s=${toBase64(credential.salt)},i=${credential.iterations}`;
    this.#begun = { ...found, user, header, nonce, signed: `${bare},${challenge}` };
    return { challenge: encodeUtf8(challenge) };
  }

  #userOf(name: string): Pick<Begun, "credential" | "outcome"> | undefined {
    const credential = this.#options.credentials.get(name, scramMechanisms[this.#name]);
    return credential && { credential, outcome: { principal: { kind: "User", name } } };
  }

  /** Whoever has a token is its owner, until the token ends. */
  #tokenOf(tokenId: string): Pick<Begun, "credential" | "outcome"> | undefined {
    const found = this.#options.tokens.find(tokenId, this.#name);
    if (found === undefined) return undefined;
    const { credential, token } = found;
    const name = token.owner.slice(token.owner.indexOf(":") + 1);
    const credentialExpiresMs = token.expirationTimestamp;
    const principal = { kind: "User", name } as const;
    return { credential, outcome: { principal, credentialExpiresMs, isDelegationToken: true } };
  }

  #last(text: string, { credential, outcome, user, header, nonce, signed }: Begun): SaslStep {
    const refused = { ...untold, user };
    const match = lastMessage.exec(text);
    if (match === null) throw new SaslError("the last message does not parse", refused);
    const [, binding, givenNonce, , proof] = match;
    if (givenNonce !== nonce) throw new SaslError("the nonce is another one", refused);
    const bound = decodeUtf8(fromBase64(binding));
    if (bound !== header && bound !== "n,,")
      throw new SaslError("the channel binding is another one", refused);
    const hash = hashOfScram(this.#name);
    // As in Kafka, what else the client says is not signed.
    const all = `${signed},c=${binding},r=${givenNonce}`;
    const clientKey = exclusiveOr(fromBase64(proof), hmac(hash, credential.storedKey, all));
    if (!isSameSecret(digest(hash, clientKey), credential.storedKey))
      throw new SaslError("the proof is wrong", refused);
    const signature = toBase64(hmac(hash, credential.serverKey, all));
    return { challenge: encodeUtf8(`v=${signature}`), outcome };
  }

  #spendTime(): void {
    const hash = hashOfScram(this.#name);
    isSameSecret(digest(hash, hmac(hash, noBytes, "")), noBytes);
  }
}

function exclusiveOr(left: Uint8Array, right: Uint8Array): Uint8Array {
  return left.length === right.length ? left.map((byte, index) => byte ^ right[index]) : noBytes;
}

/** The last one counts where it is said twice. */
function isTokenShown(extensions: string): boolean {
  const said = extensions.split(",").findLast((one) => one.startsWith("tokenauth="));
  return said?.toLowerCase() === "tokenauth=true";
}
