import { CommandError } from "./command-error.ts";
import { fileText } from "./file-text.ts";
import { UsageError } from "./usage-error.ts";
import { switchFlag, textFlag } from "./flags/flag.ts";

/** Who may ask a registry, and how it is listened to. */
export const registryAccessFlags = {
  "tls-cert": textFlag({ placeholder: "FILE", about: "serve HTTPS with this certificate (PEM)" }),
  "tls-key": textFlag({ placeholder: "FILE", about: "key of the certificate (PEM)" }),
  users: textFlag({
    placeholder: "FILE",
    about: "who may sign in, a line NAME:PASSWORD each; without it, and without --tokens, anybody",
  }),
  tokens: textFlag({ placeholder: "FILE", about: "tokens that may be signed in with, one a line" }),
  "allow-insecure": switchFlag({
    about: "listen beyond loopback without TLS or sign-in, as in a network that is to be trusted",
  }),
};

export interface RegistryAccess {
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly signIn?: {
    readonly users?: Readonly<Record<string, string>>;
    readonly tokens?: readonly string[];
  };
  readonly allowInsecure: boolean;
}

export function registryAccess(flags: {
  readonly "tls-cert": string | undefined;
  readonly "tls-key": string | undefined;
  readonly users: string | undefined;
  readonly tokens: string | undefined;
  readonly "allow-insecure": boolean;
}): RegistryAccess {
  const { users, tokens } = flags;
  const { "tls-cert": cert, "tls-key": key } = flags;
  if ((cert === undefined) !== (key === undefined))
    throw new UsageError("--tls-cert and --tls-key go together");
  const signIn = {
    ...(users === undefined ? {} : { users: usersOf(linesOf("users", users)) }),
    ...(tokens === undefined ? {} : { tokens: linesOf("tokens", tokens) }),
  };
  return {
    ...(cert === undefined || key === undefined
      ? {}
      : { tls: { cert: fileText("--tls-cert", cert), key: fileText("--tls-key", key) } }),
    ...(Object.keys(signIn).length === 0 ? {} : { signIn }),
    allowInsecure: flags["allow-insecure"],
  };
}

function usersOf(lines: readonly string[]): Readonly<Record<string, string>> {
  const pairs = lines.map((line) => {
    const at = line.indexOf(":");
    if (at < 1) throw new CommandError("--users: a line is not NAME:PASSWORD");
    return [line.slice(0, at), line.slice(at + 1)] as const;
  });
  return Object.fromEntries(pairs);
}

/** Secrets come by files: a command line can be seen by others. */
function linesOf(flag: string, file: string): readonly string[] {
  return fileText(`--${flag}`, file)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "");
}
