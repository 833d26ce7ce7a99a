import { BaseError } from "@millrace/model";

export type BrokerErrorCode =
  /** A listener that others can reach lacks TLS, or does not ask who they are. */
  | "INSECURE_BIND"
  /** A listener's address does not parse. */
  | "INVALID_LISTENER"
  /** The data directory holds partitions, and no metadata that knows them. */
  | "METADATA_MISSING"
  /** The process may not have enough files and connections open at once. */
  | "TOO_FEW_DESCRIPTORS";

/** Why a broker did not start. Nothing was changed. */
export class BrokerError extends BaseError<BrokerErrorCode> {}
