import type { Api, Decoded, Fields, Given, Message } from "@millrace/protocol";

/** One request to one broker, in whatever version the two sides agree upon. */
export interface ApiCall<Q extends Fields = Fields, A extends Fields = Fields> {
  readonly api: Api<Message<Q>, Message<A>>;
  /** The request for a version. */
  readonly body: (version: number) => Given<Message<Q>>;
  /** Bounds on the version, beyond what both sides know. */
  readonly versionMin?: number;
  readonly versionMax?: number;
  /** Default: the client's `requestTimeoutMs`. */
  readonly timeoutMs?: number;
}

/** What a broker answered, decoded; errors in it are the caller's to read. */
export type Answer<A extends Fields> = Decoded<Message<A>>;

/** Sends calls to one broker: the innermost link is a connection, the outer ones add to it. */
export interface BrokerLink {
  call<Q extends Fields, A extends Fields>(call: ApiCall<Q, A>): Promise<Answer<A>>;
}
