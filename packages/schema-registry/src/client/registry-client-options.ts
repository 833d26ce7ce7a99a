import {
  bytesOption,
  durationOption,
  isRecordOf,
  numberOption,
  optionTable,
  readOptions,
  textOption,
  valueOption,
  type GivenOptions,
} from "@millrace/model";
import { hostWorld, type RegistryWorld } from "./registry-world.ts";

/** How a client signs in. A token that is a function is asked for before each request. */
export type RegistryAuth =
  | { readonly username: string; readonly password: string }
  | { readonly token: string | ((signal: AbortSignal) => string | Promise<string>) };

/** Sends a request: the host's `fetch`, or `tlsFetch` of `@millrace/schema-registry/node`. */
export type RegistryFetch = (url: string, init: RequestInit) => Promise<Response>;

interface RequiredSettings {
  readonly isRequired: true;
  readonly kafka: string;
}

const registryClientOptionRows = {
  /** Where the registry is. Several, as a list or with commas between them, are tried in turn. */
  url: valueOption<string | readonly string[], RequiredSettings>(
    {
      allowed: "an address such as http://localhost:8081, or several",
      accepts: (given) => {
        const urls = urlsOf(given);
        return urls.length > 0 && urls.every(isRegistryUrl);
      },
    },
    { isRequired: true, kafka: "schema.registry.url" },
  ),
  /** `{ username, password }`, which may stand in the address too, or `{ token }`, a text or a function that gives one. */
  auth: valueOption<RegistryAuth>(
    { allowed: "{ username, password }, or { token }: a text or a function", accepts: isAuth },
    { kafka: "basic.auth.user.info" },
  ),
  /** Headers that go with each request, such as `target-sr-cluster`. */
  headers: valueOption<Readonly<Record<string, string>>>({
    allowed: "texts by the names of headers",
    accepts: isRecordOf((value) => typeof value === "string"),
  }),
  /** The context of all subjects and ids, such as `.blue`. */
  context: textOption({
    accepts: (text) => /^\.[^/:]*$/.test(text),
    allowed: "the name of a context, which begins with a dot",
  }),
  /** How requests are sent; `tlsFetch` of `@millrace/schema-registry/node` has certificates of one's own. */
  fetch: valueOption<RegistryFetch, { defaultText: string }>(
    { allowed: "a function such as fetch", accepts: (given) => typeof given === "function" },
    { defaultText: "the host's" },
  ),
  /** Until one request counts as lost, its answer read. */
  requestTimeout: durationOption({ minMs: 1, byDefault: "10s", kafka: "http.read.timeout.ms" }),
  /** Until a call, with its retries, counts as failed. An application that starts waits for longer, and says so. */
  apiTimeout: durationOption({ minMs: 100, byDefault: "30s" }),
  /** Pause before all addresses are tried again; doubles up to `retryBackoffMax`. */
  retryBackoff: durationOption({ minMs: 1, byDefault: "100ms", kafka: "retries.wait.ms" }),
  /** The longest such pause. */
  retryBackoffMax: durationOption({ minMs: 1, byDefault: "5s", kafka: "retries.max.wait.ms" }),
  /** Schemas that are kept; the oldest goes when another comes, and when all together are longer than 64 Mi letters. */
  cachedSchemasMax: numberOption({ min: 1, byDefault: 1000, kafka: "max.schemas.per.subject" }),
  /** Bytes of the longest answer. */
  answerBytesMax: bytesOption({ min: 1, byDefault: 16 * 1024 * 1024 }),
  /** Clock, timers and logger. */
  platform: valueOption<RegistryWorld, { defaultText: string }>(
    {
      allowed: "a platform, such as nodePlatform()",
      accepts: (given) =>
        typeof given === "object" && given !== null && "timers" in given && "logger" in given,
    },
    { defaultText: "the host's, which logs warnings to the console" },
  ),
};

/** How a schema registry is reached; durations are `"5s"` or milliseconds. */
export interface SchemaRegistryClientOptions extends GivenOptions<
  typeof registryClientOptionRows
> {}

export const registryClientOptionTable = optionTable(
  "SchemaRegistryClient",
  registryClientOptionRows,
  [
    {
      demand: "retryBackoff must not exceed retryBackoffMax",
      options: ["retryBackoff", "retryBackoffMax"],
      holds: ({ retryBackoff, retryBackoffMax }) => retryBackoff <= retryBackoffMax,
    },
  ],
);

/** Complete and in milliseconds. */
export interface RegistryClientSettings {
  /** Without credentials and without a slash at the end. */
  readonly urls: readonly string[];
  readonly auth: RegistryAuth | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: RegistryFetch;
  readonly requestTimeoutMs: number;
  readonly apiTimeoutMs: number;
  readonly retryBackoffMs: number;
  readonly retryBackoffMsMax: number;
  readonly cachedSchemasMax: number;
  readonly answerBytesMax: number;
  readonly world: RegistryWorld;
}

/** @throws OptionError `UNKNOWN_OPTION`, `INVALID_OPTION` */
export function registryClientSettings(options: unknown): RegistryClientSettings {
  const read = readOptions(registryClientOptionTable, options);
  const urls = urlsOf(read.url).map((url) => new URL(url));
  const context = read.context === undefined ? "" : `/contexts/${encodeURIComponent(read.context)}`;
  const signedIn = urls.find(({ username }) => username !== "");
  return {
    urls: urls.map(({ origin, pathname }) => `${origin}${pathname.replace(/\/+$/, "")}${context}`),
    auth: read.auth ?? (signedIn === undefined ? undefined : authOf(signedIn)),
    headers: read.headers ?? {},
    fetch: read.fetch ?? ((url, init) => fetch(url, init)),
    requestTimeoutMs: read.requestTimeout,
    apiTimeoutMs: read.apiTimeout,
    retryBackoffMs: read.retryBackoff,
    retryBackoffMsMax: read.retryBackoffMax,
    cachedSchemasMax: read.cachedSchemasMax,
    answerBytesMax: read.answerBytesMax,
    world: read.platform ?? hostWorld,
  };
}

function urlsOf(given: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  return list.flatMap((url) =>
    typeof url === "string" ? url.split(",").map((one) => one.trim()) : [""],
  );
}

function isRegistryUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol } = new URL(url);
  return protocol === "http:" || protocol === "https:";
}

function isAuth(given: unknown): boolean {
  if (typeof given !== "object" || given === null) return false;
  if ("token" in given)
    return (
      typeof given.token === "function" || (typeof given.token === "string" && given.token !== "")
    );
  return (
    "username" in given &&
    typeof given.username === "string" &&
    "password" in given &&
    typeof given.password === "string"
  );
}

function authOf({ username, password }: URL): RegistryAuth {
  return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
}
