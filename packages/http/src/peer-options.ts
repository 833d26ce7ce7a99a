import type { Timers } from "@millrace/platform";

/** How peers over TLS are greeted: PEM texts. */
export interface PeerTls {
  /** Who may vouch for them; without it whom the host trusts. */
  readonly ca?: string;
  /** Shown to those that ask for it. */
  readonly cert?: string;
  readonly key?: string;
  /** Of the key, where it is encrypted. */
  readonly passphrase?: string;
}

/** How peers are asked. */
export interface PeerOptions {
  readonly scheme: "http" | "https";
  readonly tls?: PeerTls;
  /** Until a connection is there, with what is spoken on it. Default 5 s. */
  readonly connectMs?: number;
  /** Silence on a connection with requests under way after which the peer is asked for a sign of life. Default 5 s. */
  readonly silenceMs?: number;
  /** How long that sign is waited for; then the connection is broken. Default 5 s. */
  readonly pingMs?: number;
  /** A connection without requests is closed after so long. Default 1 min. */
  readonly idleMs?: number;
}

export interface PeerSettings extends Required<Omit<PeerOptions, "tls">> {
  readonly tls: PeerTls;
  readonly timers: Pick<Timers, "after">;
}

export interface PeerRequest {
  /** Such as `/millrace/query`. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
}

/** An answer, as it comes: who takes no more of it has the peer wait. */
export interface PeerAnswer {
  readonly status: number;
  /** To be read to its end, or left: either ends the request. */
  readonly body: AsyncIterable<Uint8Array>;
}

const peerTlsNames: ReadonlySet<string> = new Set(["ca", "cert", "key", "passphrase"]);

/** What an option for it takes. */
export const peerTlsKind = {
  allowed: "{ ca, cert, key, passphrase } as PEM texts, cert and key together",
  accepts(given: unknown): boolean {
    if (typeof given !== "object" || given === null) return false;
    const isText = Object.entries(given).every(
      ([name, text]) => peerTlsNames.has(name) && typeof text === "string",
    );
    return isText && "cert" in given === "key" in given;
  },
};
