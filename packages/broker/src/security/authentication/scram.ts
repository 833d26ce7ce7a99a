import { decodeUtf8, encodeUtf8, noBytes } from "@millrace/model";
import type { Random } from "@millrace/platform";
import {
  type ScramCredential,
  type ScramCredentials,
  type ScramMechanismName,
  scramMechanisms,
} from "../../metadata/scram-credentials.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import { digest, type HashName, hmac, isSameSecret } from "./digests.ts";
import {
  SaslError,
  type SaslExchange,
  type SaslMechanism,
  type SaslStep,
} from "./sasl-mechanism.ts";

/** Kafka: `ScramMechanism.minIterations`. */
export const scramIterationsMin = 4096;
/** What a login costs is in the hand of whoever may add users: Kafka's bound. */
export const scramIterationsMax = 16_384;

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
  readonly random: Random;
}

/** SCRAM (RFC 5802): both sides show that they know the password, which is never sent. */
export function scramMechanism(name: ScramMechanismName, options: ScramOptions): SaslMechanism {
  return { name, begin: () => new ScramExchange(name, options) };
}

export function hashOfScram(name: ScramMechanismName): HashName {
  return name === "SCRAM-SHA-256" ? "sha256" : "sha512";
}

/** What is kept of a password that was salted by the client (Kafka: `ScramFormatter`). */
export function scramKeys(hash: HashName, saltedPassword: Uint8Array) {
  return {
    storedKey: digest(hash, hmac(hash, saltedPassword, "Client Key")),
    serverKey: hmac(hash, saltedPassword, "Server Key"),
  };
}

interface Begun {
  readonly credential: ScramCredential;
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
    if (given.includes(",tokenauth=true"))
      throw new SaslError("there is no such delegation token", untold);
    const user = escaped.replaceAll("=2C", ",").replaceAll("=3D", "=");
    if (actsFor !== undefined && actsFor !== escaped)
      throw new SaslError("who it acts for is not the user", untold);
    const { credentials, random } = this.#options;
    const credential = credentials.get(user, scramMechanisms[this.#name]);
    if (credential === undefined) {
      // The other side learns that it was refused, as Kafka tells it; the time is that of a wrong password.
      this.#spendTime();
      throw new SaslError("there is no such user", untold);
    }
    const nonce = clientNonce + toBase64(random.fill(new Uint8Array(18)));
    const challenge = `r=${nonce},s=${toBase64(credential.salt)},i=${credential.iterations}`;
    this.#begun = { credential, header, nonce, signed: `${bare},${challenge}` };
    return { challenge: encodeUtf8(challenge) };
  }

  #last(text: string, { credential, header, nonce, signed }: Begun): SaslStep {
    const match = lastMessage.exec(text);
    if (match === null) throw new SaslError("the last message does not parse", untold);
    const [, binding, givenNonce, , proof] = match;
    if (givenNonce !== nonce) throw new SaslError("the nonce is another one", untold);
    const bound = decodeUtf8(fromBase64(binding));
    if (bound !== header && bound !== "n,,")
      throw new SaslError("the channel binding is another one", untold);
    const hash = hashOfScram(this.#name);
    // As in Kafka, what else the client says is not signed.
    const all = `${signed},c=${binding},r=${givenNonce}`;
    const clientKey = exclusiveOr(fromBase64(proof), hmac(hash, credential.storedKey, all));
    if (!isSameSecret(digest(hash, clientKey), credential.storedKey))
      throw new SaslError("the proof is wrong", untold);
    const signature = toBase64(hmac(hash, credential.serverKey, all));
    return {
      challenge: encodeUtf8(`v=${signature}`),
      outcome: { principal: { kind: "User", name: credential.name } },
    };
  }

  #spendTime(): void {
    const hash = hashOfScram(this.#name);
    isSameSecret(digest(hash, hmac(hash, noBytes, "")), noBytes);
  }
}

function exclusiveOr(left: Uint8Array, right: Uint8Array): Uint8Array {
  return left.length === right.length ? left.map((byte, index) => byte ^ right[index]) : noBytes;
}
