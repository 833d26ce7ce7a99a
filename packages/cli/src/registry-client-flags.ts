import { nodePlatform } from "@millrace/platform/node";
import type { RegistryAuth, SchemaRegistryClient } from "@millrace/schema-registry";

import { fileText } from "./file-text.ts";
import { textFlag, type FlagValues } from "./flags/flag.ts";
import { UsageError } from "./usage-error.ts";

/** Flags that all commands for a schema registry have. */
export const registryClientFlags = {
  registry: textFlag({
    placeholder: "URL",
    byDefault: "http://127.0.0.1:8081",
    about: "where the schema registry is",
    aliases: ["schema-registry"],
  }),
  "registry-user": textFlag({
    placeholder: "NAME",
    about: "signs in by this name, with --registry-password",
  }),
  "registry-password": textFlag({
    placeholder: "FILE",
    about: "the password, as the first line of a file: a command line can be seen by others",
  }),
  "registry-token": textFlag({ placeholder: "FILE", about: "or signs in with this token" }),
  "registry-ca": textFlag({
    placeholder: "FILE",
    about: "trusts these authorities (PEM), not those of the host",
  }),
  "registry-cert": textFlag({
    placeholder: "FILE",
    about: "a certificate of one's own (PEM), with --registry-key",
  }),
  "registry-key": textFlag({ placeholder: "FILE", about: "the key of --registry-cert" }),
  context: textFlag({ placeholder: ".NAME", about: "the registry's context of subjects and ids" }),
};

export type RegistryClientFlags = FlagValues<typeof registryClientFlags>;

/** A client as the flags have it. Its code is loaded by those who need it. */
export async function openRegistry(flags: RegistryClientFlags): Promise<SchemaRegistryClient> {
  const auth = authOf(flags);
  const { SchemaRegistryClient } = await import("@millrace/schema-registry");
  const fetch = await fetchOf(flags);
  return new SchemaRegistryClient({
    url: flags.registry,
    ...(auth === undefined ? {} : { auth }),
    ...(fetch === undefined ? {} : { fetch }),
    ...(flags.context === undefined ? {} : { context: flags.context }),
    // Somebody waits for the answer.
    requestTimeout: "5s",
    apiTimeout: "5s",
    platform: nodePlatform({ logLevel: "silent" }),
  });
}

function authOf(flags: RegistryClientFlags): RegistryAuth | undefined {
  const { "registry-user": username, "registry-password": password } = flags;
  const { "registry-token": token } = flags;
  if ((username === undefined) !== (password === undefined))
    throw new UsageError("--registry-user and --registry-password go together");
  if (token !== undefined && username !== undefined)
    throw new UsageError("--registry-token does not go with --registry-user");
  if (token !== undefined) return { token: firstLine("registry-token", token) };
  if (username === undefined || password === undefined) return undefined;
  return { username, password: firstLine("registry-password", password) };
}

async function fetchOf(flags: RegistryClientFlags) {
  const { "registry-ca": ca, "registry-cert": cert, "registry-key": key } = flags;
  if ((cert === undefined) !== (key === undefined))
    throw new UsageError("--registry-cert and --registry-key go together");
  if (ca === undefined && cert === undefined) return undefined;
  const { tlsFetch } = await import("@millrace/schema-registry/node");
  return tlsFetch({
    ...(ca === undefined ? {} : { ca: fileText("--registry-ca", ca) }),
    ...(cert === undefined ? {} : { cert: fileText("--registry-cert", cert) }),
    ...(key === undefined ? {} : { key: fileText("--registry-key", key) }),
  });
}

function firstLine(flag: string, file: string): string {
  return fileText(`--${flag}`, file).split(/\r?\n/)[0];
}
