import type { Session } from "./session.ts";

/** How a connection shows who it is; one for each connection. */
export interface Authentication {
  /** Undefined until it has succeeded. */
  readonly session: Session | undefined;
  /** The frames to come are still its own, for the first time or again. */
  readonly isExchanging: boolean;
  /** True of frames that belong to it rather than to a handler. */
  takes(frame: Uint8Array): boolean;
  /** One frame at a time. @throws ProtocolError, CloseConnectionError: there is no answer, the connection ends */
  receive(frame: Uint8Array): AuthenticationAnswer | Promise<AuthenticationAnswer>;
}

export interface AuthenticationAnswer {
  /** Whole frames, or none. */
  readonly parts: readonly Uint8Array[];
  /** The connection ends with this answer. */
  readonly refusal?: Error;
  /** Who was refused, as far as they said so, for the log. */
  readonly refused?: { readonly mechanism: string; readonly user: string | undefined };
}
