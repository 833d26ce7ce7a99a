/** Java's `String.hashCode`, on which Kafka's placement of keys rests. */
export function javaHashCode(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++)
    hash = (Math.imul(31, hash) + text.charCodeAt(index)) | 0;
  return hash;
}

/** Partition of a coordinator's topic that a group or transactional id belongs to. */
export function partitionOfKey(key: string, partitionCount: number): number {
  return (javaHashCode(key) & 0x7fffffff) % partitionCount;
}
