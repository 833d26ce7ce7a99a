import { adminConformance } from "./admin-conformance.ts";
import { capabilityConformance } from "./capability-conformance.ts";
import type { ClusterCase } from "./cluster-case.ts";
import { membershipConformance } from "./membership-conformance.ts";
import { readerConformance } from "./reader-conformance.ts";
import { writerConformance } from "./writer-conformance.ts";

/** What every `ClusterClient` does, on any cluster, as far as its capabilities go. */
export const clusterConformance: readonly ClusterCase[] = [
  ...capabilityConformance,
  ...adminConformance,
  ...readerConformance,
  ...writerConformance,
  ...membershipConformance,
];
