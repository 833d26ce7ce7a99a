import {
  bytesOption,
  durationOption,
  flagOption,
  numberOption,
  optionTable,
  readOptions,
  textOption,
  valueOption,
  type GivenOptions,
  type ReadOptions,
} from "@millrace/model";

import { isLoopbackHost } from "./host-name.ts";

/** Of all headers of one request; more is refused. */
export const headerBytesMax = 16 * 1024;

/** A certificate and its key, as PEM texts. */
export interface TlsOptions {
  readonly cert: string;
  readonly key: string;
  /** Of the key, where it is encrypted. */
  readonly passphrase?: string;
  /** Who may vouch for clients, as a PEM text: only those are served that show a certificate of theirs. */
  readonly ca?: string;
}

/** Who may ask: by name and password (basic), or by a token (bearer). */
export interface SignInOptions {
  /** Passwords by name. */
  readonly users?: Readonly<Record<string, string>>;
  readonly tokens?: readonly string[];
}

export const httpOptionRows = {
  /** Address that is listened on. */
  host: textOption({ byDefault: "127.0.0.1" }),
  /** 0 takes a free one. */
  port: numberOption({ max: 65_535, byDefault: 0 }),
  /** Serves HTTPS. */
  tls: valueOption<TlsOptions>({
    allowed:
      "{ cert, key } as PEM texts, with `passphrase` where the key is encrypted, and `ca` where clients are to show certificates",
    accepts: isTls,
  }),
  /** Refuses with 401 who does not sign in. */
  signIn: valueOption<SignInOptions>({
    allowed: "{ users: { NAME: PASSWORD } }, { tokens: [TOKEN] }, or both",
    accepts: isSignIn,
  }),
  /** Listens beyond loopback without TLS or sign-in: whoever reaches the port may do anything. */
  allowInsecure: flagOption({ byDefault: false }),
  /** Names by which requests may call this server, beside its own address and those of loopback: a page of another site cannot ask it through the user's browser. */
  allowedHosts: valueOption<readonly string[]>({
    allowed: "a list of host names",
    accepts: (given) => Array.isArray(given) && given.every((one) => typeof one === "string"),
  }),
  /** Of one request's body; more is answered with 413. */
  bodyBytesMax: bytesOption({ min: 1, byDefault: 2 ** 20 }),
  /** Further connections are closed at once. */
  connectionsMax: numberOption({ min: 1, byDefault: 4096 }),
  /** Requests that are worked on; further ones are answered with 503. */
  requestsMax: numberOption({ min: 1, byDefault: 256 }),
  /** Until the headers of a request are there. */
  headersTimeout: durationOption({ minMs: 1, byDefault: "10s" }),
  /** Until a whole request is there. */
  requestTimeout: durationOption({ minMs: 1, byDefault: "1m" }),
  /** A connection on which nothing moves for so long is closed. */
  idleTimeout: durationOption({ minMs: 1, byDefault: "2m" }),
  /** How long a close waits for requests that are worked on. */
  closeTimeout: durationOption({ byDefault: "5s" }),
};

/** How an app is served; durations are `"5s"` or milliseconds. */
export interface HttpOptions extends GivenOptions<typeof httpOptionRows> {}

export type HttpSettings = ReadOptions<typeof httpOptionRows>;

export const httpOptionTable = optionTable("serveHttp", httpOptionRows, [
  {
    demand:
      "beyond loopback, give both tls and signIn, or tls with a ca for clients, or allowInsecure: true where the network is to be trusted",
    options: ["host"],
    holds: ({ host, tls, signIn, allowInsecure }) =>
      isLoopbackHost(host) ||
      allowInsecure ||
      (tls !== undefined && (signIn !== undefined || tls.ca !== undefined)),
  },
  {
    demand: "headersTimeout must not exceed requestTimeout",
    options: ["headersTimeout", "requestTimeout"],
    holds: ({ headersTimeout, requestTimeout }) => headersTimeout <= requestTimeout,
  },
]);

/** @throws OptionError `UNKNOWN_OPTION`, `INVALID_OPTION` */
export function httpSettings(options: unknown): HttpSettings {
  return readOptions(httpOptionTable, options);
}

function isTls(given: unknown): boolean {
  if (typeof given !== "object" || given === null) return false;
  const { cert, key, passphrase, ca, ...rest } = given as Readonly<Record<string, unknown>>;
  return (
    typeof cert === "string" &&
    typeof key === "string" &&
    [passphrase, ca].every((one) => one === undefined || typeof one === "string") &&
    Object.keys(rest).length === 0
  );
}

function isSignIn(given: unknown): boolean {
  if (typeof given !== "object" || given === null) return false;
  const { users = {}, tokens = [], ...rest } = given as Readonly<Record<string, unknown>>;
  if (Object.keys(rest).length > 0 || typeof users !== "object" || users === null) return false;
  if (!Array.isArray(tokens)) return false;
  const secrets: readonly unknown[] = [...Object.values(users), ...tokens];
  return secrets.length > 0 && secrets.every((one) => typeof one === "string" && one !== "");
}
