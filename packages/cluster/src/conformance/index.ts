export { clusterConformance } from "./cluster-conformance.ts";
export {
  ConformanceFailure,
  type ClusterSubject,
  type ConformanceCase,
} from "./conformance-case.ts";
