import type { ClientTls, PeerCertificate, ServerTls } from "./tls.ts";

/** Streams of bytes between two ends (TCP), encrypted or not (TLS). */
export interface Network {
  /**
   * Port 0 takes a free one. Rejects with a `NetworkError` (`ADDRESS_IN_USE`, `TLS_SETTINGS_INVALID`, ...).
   *
   * With `tls` a connection is handed over before its handshake, so that whoever counts connections
   * counts those as well: its first `data` comes behind the handshake, what is written before waits,
   * and a handshake that fails, or takes longer than `handshakeMsMax`, is told by `closed`.
   */
  listen(
    address: NetworkAddress,
    accept: (connection: Connection) => void,
    tls?: ServerTls,
  ): Promise<Listener>;
  /**
   * Rejects with a `NetworkError` (`CONNECTION_REFUSED`, `CERTIFICATE_NOT_TRUSTED`, ...) or the signal's
   * reason. With `tls` it resolves behind the handshake; a server may still refuse the client's
   * certificate then, which is told by `closed`.
   */
  connect(address: NetworkAddress, signal?: AbortSignal, tls?: ClientTls): Promise<Connection>;
}

/** How long a server waits for a handshake. */
export const handshakeMsMax = 10_000;

export interface NetworkAddress {
  readonly host: string;
  readonly port: number;
}

export interface Listener {
  readonly address: NetworkAddress;
  /**
   * Connections from now on are greeted so, those that are open stay: certificates are renewed while
   * a server runs. Only where `listen` had `tls`.
   *
   * @throws NetworkError `TLS_SETTINGS_INVALID`; what was there before stays
   */
  renewTls(tls: ServerTls): void;
  /** Accepts no more; connections that are open stay. Calling twice is fine. */
  close(): Promise<void>;
}

export interface Connection {
  /** The peer's IP address (or its host's name), without the port. */
  readonly remoteAddress: string;
  /** Undefined: no TLS, none was asked for or shown, or the handshake is under way. */
  readonly peerCertificate: PeerCertificate | undefined;
  /** Must be set in the turn in which the connection was handed over. */
  handler: ConnectionHandler;
  /**
   * Queues the parts in order; they belong to the connection from then on and must not change, until `sent` is called,
   * at once or later, or never where the connection breaks before.
   * False: more than the write budget waits, hold back until `drained`. After the close it does nothing.
   */
  write(parts: readonly Uint8Array[], sent?: () => void): boolean;
  readonly bufferedBytes: number;
  /** No more `data` until `resume`: back-pressure to the peer. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes; no more `data`. */
  end(): void;
  /** Closes at once; `closed` is called still. */
  destroy(): void;
}

/** Never throws: what a callback throws ends the process. */
export interface ConnectionHandler {
  /** The chunk is the receiver's until it returns: what is to stay is copied. */
  data(chunk: Uint8Array): void;
  drained(): void;
  /** Exactly once, last. No error: an orderly close by either side. */
  closed(error?: Error): void;
}
