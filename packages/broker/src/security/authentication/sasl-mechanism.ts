import { BaseError } from "@millrace/model";
import type { Principal } from "../../server/principal.ts";

/** One of SASL's mechanisms on a listener: a port, so that others can stand beside those that are here. */
export interface SaslMechanism {
  /** As it is registered, such as `PLAIN`. */
  readonly name: string;
  /** Begins the exchange of one connection. */
  begin(): SaslExchange;
}

export interface SaslExchange {
  /**
   * Takes what the client says.
   *
   * @throws SaslError it was refused
   */
  receive(message: Uint8Array): SaslStep | Promise<SaslStep>;
}

export interface SaslStep {
  /** Goes to the client. */
  readonly challenge: Uint8Array;
  /** Undefined: the exchange goes on. */
  readonly outcome?: SaslOutcome;
}

export interface SaslOutcome {
  readonly principal: Principal;
  /** Wall time at which what was shown ends, such as a token. */
  readonly credentialExpiresMs?: number;
  /** What was shown is a delegation token. */
  readonly isDelegationToken?: boolean;
}

/** Why somebody is not who they say. */
export class SaslError extends BaseError<"SASL_REFUSED"> {
  /** False: the client is told no more than that its credentials are not right, lest it learns which names there are. */
  readonly isTold: boolean;
  /** Who they said they are, for the log; undefined: nobody said so. */
  readonly user: string | undefined;

  constructor(
    message: string,
    {
      isTold,
      user,
      cause,
    }: { readonly isTold: boolean; readonly user?: string; readonly cause?: unknown },
  ) {
    super("SASL_REFUSED", message, { cause });
    this.isTold = isTold;
    this.user = user;
  }
}
