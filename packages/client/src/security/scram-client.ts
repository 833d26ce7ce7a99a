import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import type { Random } from "@millrace/platform";
import { hmac } from "@noble/hashes/hmac.js";
import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { authenticationError } from "./authentication-error.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import type { PasswordOptions } from "./plain-client.ts";
import type { SaslClientExchange, SaslClientMechanism } from "./sasl-client.ts";

export type ScramName = "SCRAM-SHA-256" | "SCRAM-SHA-512";

const hashes = { "SCRAM-SHA-256": sha256, "SCRAM-SHA-512": sha512 } as const;

/** Kafka: `ScramMechanism.minIterations`; fewer would help whoever guesses. */
const iterationsMin = 4096;
/** Beyond it a hostile broker could hold up the process. */
const iterationsMax = 100_000;
const nonceBytes = 24;

/** A broker that begins with `m=` needs an extension to be understood, and none is (RFC 5802, 5.1). */
const serverFirst = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9/+]+=*),i=(\d{1,9})(?:,.*)?$/;
const serverLast = /^(?:v=([A-Za-z0-9/+]+=*)|e=([^,]+))(?:,.*)?$/;
const header = "n,,";

export interface ScramOptions extends PasswordOptions {
  /** The two are those of a delegation token: its id, and its HMAC (KIP-48). */
  readonly isDelegationToken?: boolean;
}

/** SCRAM (RFC 5802): both sides show that they know the password, which is never sent. */
export function scramClient(
  name: ScramName,
  options: ScramOptions,
  random: Pick<Random, "fill">,
): SaslClientMechanism {
  const keys = new SaltedPassword(name, options.password);
  return { mechanism: name, begin: () => new ScramExchange({ name, options, random, keys }) };
}

/** What SCRAM makes of a password (RFC 5802: `SaltedPassword`). */
export function saltedPassword(
  name: ScramName,
  password: Uint8Array,
  { salt, iterations }: { readonly salt: Uint8Array; readonly iterations: number },
): Uint8Array {
  const hash = hashes[name];
  return pbkdf2(hash, password, salt, { c: iterations, dkLen: hash.outputLen });
}

/** The costly part, which is the same for all connections as long as the broker's salt is. */
class SaltedPassword {
  readonly #name: ScramName;
  readonly #password: Uint8Array;
  #place = "";
  #salted: Uint8Array = new Uint8Array(0);

  constructor(name: ScramName, password: string) {
    this.#name = name;
    this.#password = encodeUtf8(password);
  }

  of(salt: string, iterations: number): Uint8Array {
    const place = `${iterations} ${salt}`;
    if (place === this.#place) return this.#salted;
    const saltBytes = fromBase64(salt) ?? new Uint8Array(0);
    this.#salted = saltedPassword(this.#name, this.#password, { salt: saltBytes, iterations });
    this.#place = place;
    return this.#salted;
  }
}

interface ScramParts {
  readonly name: ScramName;
  readonly options: ScramOptions;
  readonly random: Pick<Random, "fill">;
  readonly keys: SaltedPassword;
}

class ScramExchange implements SaslClientExchange {
  readonly #parts: ScramParts;
  readonly #nonce: string;
  /** What the broker must show; undefined before the proof is sent. */
  #signature: string | undefined;

  constructor(parts: ScramParts) {
    this.#parts = parts;
    this.#nonce = toBase64(parts.random.fill(new Uint8Array(nonceBytes)));
  }

  first(): Uint8Array {
    return encodeUtf8(header + this.#bare());
  }

  next(challenge: Uint8Array): Uint8Array | undefined {
    const text = decodeUtf8(challenge);
    if (this.#signature === undefined) return this.#prove(text);
    const match = serverLast.exec(text);
    if (match?.[2] !== undefined) throw this.#failure(`the broker refused it: ${match[2]}`);
    if (match === null || match[1] !== this.#signature)
      throw this.#failure(
        "the broker has not shown that it knows the password; is it the right one?",
      );
    return undefined;
  }

  #bare(): string {
    const { username, isDelegationToken } = this.#parts.options;
    const escaped = username.replaceAll("=", "=3D").replaceAll(",", "=2C");
    return `n=${escaped},r=${this.#nonce}${isDelegationToken === true ? ",tokenauth=true" : ""}`;
  }

  #prove(text: string): Uint8Array {
    const match = serverFirst.exec(text);
    if (match === null) throw this.#failure("the broker's first message does not parse");
    const [, nonce, salt, count] = match;
    const iterations = Number(count);
    if (!nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length)
      throw this.#failure("the broker answers with another nonce");
    if (iterations < iterationsMin || iterations > iterationsMax)
      throw this.#failure(
        `the broker asks for ${iterations} iterations, and ${iterationsMin} to ${iterationsMax} are taken`,
      );
    const hash = hashes[this.#parts.name];
    const salted = this.#parts.keys.of(salt, iterations);
    const withoutProof = `c=${toBase64(encodeUtf8(header))},r=${nonce}`;
    const signed = encodeUtf8(`${this.#bare()},${text},${withoutProof}`);
    const clientKey = hmac(hash, salted, encodeUtf8("Client Key"));
    const signature = hmac(hash, hash(clientKey), signed);
    const proof = clientKey.map((byte, index) => byte ^ signature[index]);
    const serverKey = hmac(hash, salted, encodeUtf8("Server Key"));
    this.#signature = toBase64(hmac(hash, serverKey, signed));
    return encodeUtf8(`${withoutProof},p=${toBase64(proof)}`);
  }

  #failure(reason: string) {
    return authenticationError(`${this.#parts.name} failed: ${reason}`);
  }
}
