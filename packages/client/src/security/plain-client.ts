import { encodeUtf8 } from "@millrace/model";
import type { SaslClientMechanism } from "./sasl-client.ts";

export interface PasswordOptions {
  readonly username: string;
  readonly password: string;
}

/** PLAIN (RFC 4616): name and password as they are. */
export function plainClient({ username, password }: PasswordOptions): SaslClientMechanism {
  return {
    mechanism: "PLAIN",
    begin: () => ({
      first: () => encodeUtf8(`\0${username}\0${password}`),
      next: () => undefined,
    }),
  };
}
