export { clusterConformance } from "./cluster-conformance.ts";
export type { ClusterSubject } from "./cluster-case.ts";
