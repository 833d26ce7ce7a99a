import { anonymous, type Principal } from "./principal.ts";

/** What is known of who is at the other end of a connection. Frozen: authenticating again makes a new one. */
export interface Session {
  readonly principal: Principal;
  /** Kafka's name of the SASL mechanism; undefined: there was none. */
  readonly mechanism: string | undefined;
  /** It showed a delegation token, and no credential of its own. */
  readonly isTokenAuthenticated: boolean;
  /** Monotonic time at which it began. */
  readonly authenticatedMs: number;
  /** Monotonic time from which on nothing is served but authenticating again; infinite: it does not end. */
  readonly expiresMs: number;
}

/** Of a connection that nobody asks who it is. */
export const anonymousSession: Session = Object.freeze({
  principal: anonymous,
  mechanism: undefined,
  isTokenAuthenticated: false,
  authenticatedMs: 0,
  expiresMs: Number.POSITIVE_INFINITY,
});
