import type { CapableClient, ClusterCapability } from "@millrace/cluster";
import kafkajs from "kafkajs";

/**
 * What kafkajs 2.2 can do. It lacks:
 *
 * - `fenced-offsets`: its TxnOffsetCommit (versions 0 and 1) has neither generation nor member id. A member that the group
 *   has given up could commit offsets in its transaction, over those of who has its partitions now: no exactly-once.
 * - `stable-offsets`: its OffsetFetch (up to version 4) cannot ask for stable offsets.
 * - `static-membership`: its JoinGroup knows no instance id from outside, its Heartbeat none at all.
 * - `topic-ids`, `leader-epochs`: it does not ask for them, so that a topic that was made anew, and a tail that was lost, is
 *   told only where the offset is not there any more.
 * - `batch-checks`: it does not verify checksums, and decodes all that a fetch brings, or nothing.
 * - `exact-headers`: they are an object's fields.
 * - `zstd`: unless a codec is registered.
 */
export const kafkajsCapabilities: CapableClient = {
  name: "kafkajs",
  get capabilities(): ReadonlySet<ClusterCapability> {
    return new Set<ClusterCapability>(hasZstd() ? ["transactions", "zstd"] : ["transactions"]);
  },
};

function hasZstd(): boolean {
  try {
    kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD]();
    return true;
  } catch {
    return false; // kafkajs throws where no codec is registered
  }
}
