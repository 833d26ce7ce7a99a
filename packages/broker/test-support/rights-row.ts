import type { Api, Given, Message } from "@millrace/protocol";
import type { Operation, Resource } from "../src/server/request-context.ts";

/** A right that a request takes. */
export type Right = readonly [kind: Resource["kind"], name: string, operation: Operation];

export interface Row {
  readonly api: Api;
  readonly version: number;
  readonly request: unknown;
  readonly rights: readonly Right[];
}

export function row<Request extends Message>(
  api: Api<Request>,
  version: number,
  request: Given<Request>,
  ...rights: readonly Right[]
): Row {
  return { api: api as unknown as Api, version, request, rights };
}

export const topic = (operation: Operation): Right => ["TOPIC", "t", operation];
export const group = (operation: Operation): Right => ["GROUP", "g", operation];
export const transaction = (operation: Operation): Right => ["TRANSACTIONAL_ID", "x", operation];
export const cluster = (operation: Operation): Right => ["CLUSTER", "kafka-cluster", operation];
