/** Partition of a coordinator's topic that a group or transactional id belongs to, as Kafka computes it. */
export function partitionOfKey(key: string, partitionCount: number): number {
  let hash = 0;
  for (let index = 0; index < key.length; index++)
    hash = (Math.imul(31, hash) + key.charCodeAt(index)) | 0;
  return (hash & 0x7fffffff) % partitionCount;
}
