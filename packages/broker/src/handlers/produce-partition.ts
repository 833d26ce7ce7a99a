import type { AppendResult, VerificationGuard } from "@millrace/log";
import type { Partition } from "../partition/partition.ts";
import type { AppendRefusal } from "./append-refusal.ts";

/** One partition of a request, on its way. */
export interface ProducePartition {
  readonly topic: string;
  /** Topic of the request that it stands under. */
  readonly responseKey: string;
  readonly index: number;
  readonly records: Uint8Array;
  partition: Partition | undefined;
  guard: VerificationGuard | undefined;
  refusal: AppendRefusal | undefined;
  result: AppendResult | undefined;
}
