import { decodeUtf8, encodeUtf8, noBytes } from "@millrace/model";
import { isSameSecret } from "./digests.ts";
import type { JaasEntry } from "./jaas.ts";
import { SaslError, type SaslMechanism, type SaslStep } from "./sasl-mechanism.ts";

const untold = { isTold: false };
const told = { isTold: true };
const userPrefix = "user_";

/** Of somebody who is not there: comparing with it takes as long. */
const nobodysPassword = encodeUtf8("\0");

/** PLAIN (RFC 4616): name and password as they are. The users stand in the JAAS line, as `user_NAME="PASSWORD"`. */
export function plainMechanism(jaas: JaasEntry): SaslMechanism {
  const passwords = new Map<string, Uint8Array>();
  for (const [option, value] of jaas.options)
    if (option.startsWith(userPrefix))
      passwords.set(option.slice(userPrefix.length), encodeUtf8(value));
  return { name: "PLAIN", begin: () => ({ receive: (message) => check(message, passwords) }) };
}

function check(message: Uint8Array, passwords: ReadonlyMap<string, Uint8Array>): SaslStep {
  const tokens = decodeUtf8(message).split("\0");
  if (tokens.length !== 3)
    throw new SaslError(`PLAIN takes 3 parts, and ${tokens.length} came`, untold);
  const [actsFor, name, password] = tokens;
  if (name === "" || password === "")
    throw new SaslError("name or password is empty", { ...untold, user: name });
  const expected = passwords.get(name);
  const isRight = isSameSecret(encodeUtf8(password), expected ?? nobodysPassword);
  if (!isRight || expected === undefined)
    throw new SaslError("Authentication failed: Invalid username or password", {
      ...told,
      user: name,
    });
  if (actsFor !== "" && actsFor !== name)
    throw new SaslError(
      "Authentication failed: Client requested an authorization id that is different from username",
      { ...told, user: name },
    );
  return { challenge: noBytes, outcome: { principal: { kind: "User", name } } };
}
