import type { NetworkAddress } from "@millrace/platform";

/**
 * One of SASL's mechanisms as a client speaks it: a port, so that others, such as GSSAPI, can be handed
 * in from outside as the option `sasl` (Kafka: `SaslClient`).
 */
export interface SaslClientMechanism {
  /** As it is registered, such as `GSSAPI`. */
  readonly mechanism: string;
  /** Begins the exchange of one connection, or of one that authenticates again. */
  begin(place: SaslPlace): SaslClientExchange;
}

export interface SaslPlace {
  /** Of the broker, as it was asked for. */
  readonly address: NetworkAddress;
  /** Aborts when the connection is given up. */
  readonly signal: AbortSignal;
}

export interface SaslClientExchange {
  /** What is said first. */
  first(): Uint8Array | Promise<Uint8Array>;
  /**
   * Answers what the broker said; undefined: the exchange is complete.
   *
   * Throws where the broker has not shown what it should: the connection is given up.
   */
  next(challenge: Uint8Array): Uint8Array | undefined | Promise<Uint8Array | undefined>;
}
