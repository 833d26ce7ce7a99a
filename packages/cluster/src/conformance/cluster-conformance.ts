import type { ConformanceCase } from "@millrace/model/conformance";
import { adminConformance } from "./admin-conformance.ts";
import type { ClusterSubject } from "./cluster-case.ts";
import { membershipConformance } from "./membership-conformance.ts";
import { readerConformance } from "./reader-conformance.ts";
import { writerConformance } from "./writer-conformance.ts";

/** What every `ClusterClient` does, on any cluster; transactions and static members included. */
export const clusterConformance: readonly ConformanceCase<ClusterSubject>[] = [
  ...adminConformance,
  ...readerConformance,
  ...writerConformance,
  ...membershipConformance,
];
