import type { RequestHeader } from "@millrace/protocol";
import type { Authorizer } from "./authorizer.ts";
import type { Principal } from "./principal.ts";
import type { Operation, RequestContext, Resource } from "./request-context.ts";
import type { Session } from "./session.ts";
import type { Turns } from "./turns.ts";
import type { UnreadAnswers } from "./unread-answers.ts";

/** What a connection's requests have in common. */
export interface ConnectionScope {
  readonly listener: string;
  readonly clientAddress: string;
  readonly signal: AbortSignal;
  readonly turns: Turns;
  readonly unread: UnreadAnswers;
  /** Undefined: all are allowed everything. */
  readonly authorizer: Authorizer | undefined;
}

/** A request of a connection. */
export class ConnectionRequestContext implements RequestContext {
  readonly session: Session;
  readonly throttleMs = 0;
  readonly clientId: string | null;
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly #scope: ConnectionScope;

  constructor(scope: ConnectionScope, session: Session, header: RequestHeader) {
    this.#scope = scope;
    this.session = session;
    this.clientId = header.clientId;
    this.apiKey = header.apiKey;
    this.apiVersion = header.apiVersion;
  }

  get principal(): Principal {
    return this.session.principal;
  }

  get listener(): string {
    return this.#scope.listener;
  }

  get clientAddress(): string {
    return this.#scope.clientAddress;
  }

  get signal(): AbortSignal {
    return this.#scope.signal;
  }

  get unread(): UnreadAnswers {
    return this.#scope.unread;
  }

  get turns(): Turns {
    return this.#scope.turns;
  }

  authorize(operation: Operation, resource: Resource): boolean {
    return this.#scope.authorizer?.isAllowed(this, operation, resource) ?? true;
  }

  authorizeSome(operation: Operation, kind: Resource["kind"]): boolean {
    return this.#scope.authorizer?.isAllowedForSome(this, operation, kind) ?? true;
  }
}
