import { requireCapability, type CapableClient } from "@millrace/cluster";

import type { StreamsOptions } from "./streams-options.ts";

/**
 * Refuses what the client of a cluster cannot do for an application, before anything is started for it.
 *
 * @throws ClusterError `UNSUPPORTED_BY_CLIENT`
 */
export function checkCluster(
  cluster: CapableClient,
  { processingGuarantee, compression }: Pick<StreamsOptions, "processingGuarantee" | "compression">,
): void {
  if (processingGuarantee !== "at_least_once")
    for (const capability of ["transactions", "fenced-offsets", "stable-offsets"] as const)
      requireCapability(cluster, capability, {
        use: 'processingGuarantee "exactly_once", the default,',
        instead:
          'Change one line: give the application the address of the brokers as `cluster`, for the bundled client, or set processingGuarantee to "at_least_once".',
      });
  if (compression === "zstd")
    requireCapability(cluster, "zstd", { use: 'compression "zstd"', instead: "Choose gzip." });
}
