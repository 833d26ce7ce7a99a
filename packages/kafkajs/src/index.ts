export { kafkajsCluster, type KafkajsCluster } from "./kafkajs-cluster.ts";
export type { KafkajsClusterOptions } from "./kafkajs-options.ts";
