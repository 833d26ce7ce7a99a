import { BaseError } from "@millrace/model";

export type EmbeddedClusterErrorCode =
  | "BROKER_NOT_STARTED"
  | "BROKER_CLOSED"
  | "NO_SCHEMA_REGISTRY";

/** The embedded broker did not start, or is there no more; `reason` is the broker's own code, such as `ADDRESS_IN_USE`. */
export class EmbeddedClusterError extends BaseError<EmbeddedClusterErrorCode> {
  readonly reason: string;

  constructor(code: EmbeddedClusterErrorCode, reason: string, message: string) {
    super(code, message);
    this.reason = reason;
  }
}

export function brokerNotStarted(reason: string, message: string): EmbeddedClusterError {
  return new EmbeddedClusterError(
    "BROKER_NOT_STARTED",
    reason,
    `the embedded broker did not start (${reason}): ${message}`,
  );
}

export function brokerClosed(bootstrapServers: string, by: string): EmbeddedClusterError {
  return new EmbeddedClusterError(
    "BROKER_CLOSED",
    "BROKER_CLOSED",
    `the embedded broker at ${bootstrapServers} was ended by ${by}`,
  );
}

export function noSchemaRegistry(): EmbeddedClusterError {
  const reason = "NO_SCHEMA_REGISTRY";
  return new EmbeddedClusterError(
    reason,
    reason,
    "this cluster was started without a schema registry; give EmbeddedCluster.start schemaRegistry: true",
  );
}
