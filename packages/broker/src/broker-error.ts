import { BaseError } from "@millrace/model";

export type BrokerErrorCode =
  /** An address that others can reach was asked for, and nothing secures it yet. */
  | "INSECURE_BIND"
  /** A listener's address does not parse. */
  | "INVALID_LISTENER"
  /** The data directory holds partitions, and no metadata that knows them. */
  | "METADATA_MISSING"
  /** The process may not have enough files and connections open at once. */
  | "TOO_FEW_DESCRIPTORS";

/** Why a broker did not start. Nothing was changed. */
export class BrokerError extends BaseError<BrokerErrorCode> {}
