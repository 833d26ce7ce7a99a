/** Streams of bytes between two ends (TCP). */
export interface Network {
  /** Port 0 takes a free one. Rejects with a `NetworkError` (`ADDRESS_IN_USE`, `PERMISSION_DENIED`, ...). */
  listen(address: NetworkAddress, accept: (connection: Connection) => void): Promise<Listener>;
  /** Rejects with a `NetworkError` (`CONNECTION_REFUSED`, `UNKNOWN_HOST`, ...) or the signal's reason. */
  connect(address: NetworkAddress, signal?: AbortSignal): Promise<Connection>;
}

export interface NetworkAddress {
  readonly host: string;
  readonly port: number;
}

export interface Listener {
  readonly address: NetworkAddress;
  /** Accepts no more; connections that are open stay. Calling twice is fine. */
  close(): Promise<void>;
}

export interface Connection {
  /** The peer's IP address (or its host's name), without the port. */
  readonly remoteAddress: string;
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
