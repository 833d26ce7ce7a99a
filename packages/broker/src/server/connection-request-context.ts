import type { RequestHeader } from "@millrace/protocol";
import type { Authorizer } from "./authorizer.ts";
import type { Principal } from "./principal.ts";
import type { MutationMode, QuotaKey, Quotas } from "./quotas.ts";
import type { ClientSoftware, Operation, RequestContext, Resource } from "./request-context.ts";
import type { Session } from "./session.ts";
import type { Turns } from "./turns.ts";
import type { UnreadAnswers } from "./unread-answers.ts";

/** What a connection's requests have in common. */
export interface ConnectionScope {
  readonly listener: string;
  readonly clientAddress: string;
  readonly signal: AbortSignal;
  software: ClientSoftware;
  readonly turns: Turns;
  readonly unread: UnreadAnswers;
  readonly quotas: Quotas;
  /** Undefined: all are allowed everything. */
  readonly authorizer: Authorizer | undefined;
}

/** A request of a connection. */
export class ConnectionRequestContext implements RequestContext {
  readonly session: Session;
  readonly clientId: string | null;
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly #scope: ConnectionScope;
  #throttleMs = 0;
  #turns: Turns | undefined;
  #laterMs = 0;

  constructor(scope: ConnectionScope, session: Session, header: RequestHeader) {
    this.#scope = scope;
    this.session = session;
    this.clientId = header.clientId;
    this.apiKey = header.apiKey;
    this.apiVersion = header.apiVersion;
  }

  /** In which the thread was the request's, after it gave way to others. */
  get laterMs(): number {
    return this.#laterMs;
  }

  get throttleMs(): number {
    return this.#throttleMs;
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
    return (this.#turns ??= this.#scope.turns.of((ms) => (this.#laterMs += ms)));
  }

  get software(): ClientSoftware {
    return this.#scope.software;
  }

  setSoftware(software: ClientSoftware): void {
    this.#scope.software = software;
  }

  charge(key: QuotaKey, amount: number): void {
    const throttleMs = this.#scope.quotas.charge(this, key, amount);
    this.#throttleMs = Math.max(this.#throttleMs, throttleMs);
  }

  exceeds(key: QuotaKey, amount: number): boolean {
    const throttleMs = this.#scope.quotas.charge(this, key, amount);
    if (throttleMs === 0) return false;
    this.#scope.quotas.refund(this, key, amount);
    this.#throttleMs = Math.max(this.#throttleMs, throttleMs);
    return true;
  }

  mostAtOnce(key: QuotaKey): number {
    return this.#scope.quotas.mostAtOnce(this, key);
  }

  mayMutate(partitions: number, mode: MutationMode): boolean {
    const { isRefused, throttleMs } = this.#scope.quotas.mutate(this, partitions, mode);
    this.#throttleMs = Math.max(this.#throttleMs, throttleMs);
    return !isRefused;
  }

  authorize(operation: Operation, resource: Resource): boolean {
    return this.#scope.authorizer?.isAllowed(this, operation, resource) ?? true;
  }

  permits(operation: Operation, resource: Resource): boolean {
    return this.#scope.authorizer?.permits(this, operation, resource) ?? true;
  }

  authorizeSome(operation: Operation, kind: Resource["kind"]): boolean {
    return this.#scope.authorizer?.isAllowedForSome(this, operation, kind) ?? true;
  }
}
