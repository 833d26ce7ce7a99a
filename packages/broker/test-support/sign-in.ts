import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import { saslAuthenticateApi, saslHandshakeApi } from "@millrace/protocol/definitions";
import { fromBase64, toBase64 } from "../src/security/authentication/base64.ts";
import { digest, hmac, saltPassword } from "../src/security/authentication/digests.ts";
import { hashOfScram } from "../src/security/authentication/scram-keys.ts";
import type { TestClient } from "./test-client.ts";

export async function authenticate(client: TestClient, mechanism: string, message: string) {
  await client.ask(saslHandshakeApi, 1, { mechanism });
  return client.ask(saslAuthenticateApi, 2, { authBytes: encodeUtf8(message) });
}

/** What stands around the name and the password in SCRAM. */
export interface ScramWords {
  readonly mechanism?: "SCRAM-SHA-256" | "SCRAM-SHA-512";
  readonly extensions?: string;
  /** Such as `n,a=ann,`. */
  readonly header?: string;
}

/** Gives the last answer, or the refusal. */
export async function scramWith(
  client: TestClient,
  { name, password }: { readonly name: string; readonly password: string },
  { mechanism = "SCRAM-SHA-256", extensions = "", header = "n,," }: ScramWords = {},
) {
  const hash = hashOfScram(mechanism);
  const bare = `n=${name},r=abc${extensions}`;
  const first = await authenticate(client, mechanism, header + bare);
  if (first?.errorCode !== 0) return first;
  const challenge = decodeUtf8(first.authBytes);
  const [, nonce = "", salt = "", iterations = ""] =
    /r=([^,]+),s=([^,]+),i=(\d+)/.exec(challenge) ?? [];
  const salting = { salt: fromBase64(salt), iterations: Number(iterations) };
  const key = hmac(hash, saltPassword(hash, password, salting), "Client Key");
  const last = `c=${toBase64(encodeUtf8(header))},r=${nonce}`;
  const signature = hmac(hash, digest(hash, key), `${bare},${challenge},${last}`);
  const proof = toBase64(key.map((byte, index) => byte ^ signature[index]));
  return client.ask(saslAuthenticateApi, 2, { authBytes: encodeUtf8(`${last},p=${proof}`) });
}
