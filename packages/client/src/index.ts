export { ClusterConnections } from "./connection/cluster-connections.ts";
export { ClusterMetadata } from "./metadata/cluster-metadata.ts";
