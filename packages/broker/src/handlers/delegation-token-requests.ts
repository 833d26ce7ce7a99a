import { anonymous } from "../server/principal.ts";
import type { RequestContext } from "../server/request-context.ts";

/** As the requests and answers about tokens name who it is about. */
export interface NamedPrincipal {
  readonly principalType: string;
  readonly principalName: string;
}

/**
 * Tokens are for those who have shown who they are, and not by a token: otherwise it could live on in others that it
 * asks for.
 */
export function mayAskForTokens({ session }: RequestContext): boolean {
  if (session.isTokenAuthenticated) return false;
  return session.mechanism !== undefined || session.principal.name !== anonymous.name;
}

export function askerOf({ principal: { kind, name } }: RequestContext): NamedPrincipal {
  return { principalType: kind, principalName: name };
}

/** Kafka's form of a principal, as the metadata and rules have it. */
export function textOf({ principalType, principalName }: NamedPrincipal): string {
  return `${principalType}:${principalName}`;
}

export function principalOf(text: string): NamedPrincipal {
  const colon = text.indexOf(":");
  return { principalType: text.slice(0, colon), principalName: text.slice(colon + 1) };
}
