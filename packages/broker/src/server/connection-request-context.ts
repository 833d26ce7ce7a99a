import type { RequestHeader } from "@millrace/protocol";
import {
  anonymous,
  type Operation,
  type RequestContext,
  type Resource,
} from "./request-context.ts";
import type { Turns } from "./turns.ts";
import type { UnreadAnswers } from "./unread-answers.ts";

/** What a connection's requests have in common. */
export interface ConnectionScope {
  readonly listener: string;
  readonly clientAddress: string;
  readonly signal: AbortSignal;
  readonly turns: Turns;
  readonly unread: UnreadAnswers;
}

/** A request of a connection. */
export class ConnectionRequestContext implements RequestContext {
  readonly principal = anonymous;
  readonly throttleMs = 0;
  readonly clientId: string | null;
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly #scope: ConnectionScope;

  constructor(scope: ConnectionScope, header: RequestHeader) {
    this.#scope = scope;
    this.clientId = header.clientId;
    this.apiKey = header.apiKey;
    this.apiVersion = header.apiVersion;
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

  authorize(_operation: Operation, _resource: Resource): boolean {
    return true;
  }
}
