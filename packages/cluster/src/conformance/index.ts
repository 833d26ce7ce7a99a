export { clusterConformance } from "./cluster-conformance.ts";
export type { ClusterCase, ClusterSubject } from "./cluster-case.ts";
