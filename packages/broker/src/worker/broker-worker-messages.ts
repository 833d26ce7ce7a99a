import { BaseError } from "@millrace/model";
import type { BrokerOptions } from "../broker-options.ts";

/** What a broker's worker is started with (`workerData`): options that can cross threads. */
export interface BrokerWorkerOptions extends Omit<
  BrokerOptions,
  "codecs" | "onFailed" | "signal" | "isEndTransactionEpochAccepted" | "saslMechanisms"
> {
  /** Default: `warn`. */
  readonly logLevel?: "debug" | "info" | "warn" | "error" | "silent";
}

/** What the worker tells its owner; any message to it means: close. */
export type BrokerWorkerMessage =
  | {
      readonly kind: "started";
      readonly host: string;
      readonly port: number;
      readonly clusterId: string;
    }
  | { readonly kind: "refused"; readonly failure: BrokerWorkerFailure }
  | { readonly kind: "failed"; readonly failure: BrokerWorkerFailure }
  | { readonly kind: "closed" };

/** An error that crossed threads. */
export interface BrokerWorkerFailure {
  readonly name: string;
  /** Of a `BaseError`, else undefined. */
  readonly code: string | undefined;
  readonly message: string;
}

export function toFailure(error: unknown): BrokerWorkerFailure {
  if (error instanceof BaseError)
    return { name: error.name, code: error.code, message: error.message };
  if (error instanceof Error) return { name: error.name, code: undefined, message: error.message };
  return { name: "Error", code: undefined, message: String(error) };
}
