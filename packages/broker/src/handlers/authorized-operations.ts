/** Bits of `AclOperation`s by their numbers in Kafka. */
function bits(...operations: readonly number[]): number {
  return operations.reduce((field, operation) => field | (1 << operation), 0);
}

/** All that may be done to a topic: read, write, create, delete, alter, describe, and its configs. */
export const topicOperations = bits(3, 4, 5, 6, 7, 8, 10, 11);

/** All that may be done to the cluster. */
export const clusterOperations = bits(5, 7, 8, 9, 10, 11, 12);

/** All that may be done to a group. */
export const groupOperations = bits(3, 6, 8, 10, 11);
