export { TestCluster, testCluster } from "./test-cluster.ts";
export { TestClusterError, type TestClusterErrorCode } from "./test-cluster-error.ts";
export type { TestClusterOptions } from "./test-cluster-options.ts";
