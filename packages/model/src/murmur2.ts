/** Kafka's 32-bit murmur2 of a key (Java: `Utils.murmur2`), as a signed integer. */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length;
  let hash = 0x9747b28c ^ length;
  let index = 0;
  for (; index + 4 <= length; index += 4) {
    let word =
      bytes[index] | (bytes[index + 1] << 8) | (bytes[index + 2] << 16) | (bytes[index + 3] << 24);
    word = Math.imul(word, 0x5bd1e995);
    word ^= word >>> 24;
    hash = Math.imul(hash, 0x5bd1e995) ^ Math.imul(word, 0x5bd1e995);
  }
  const left = length - index;
  if (left >= 3) hash ^= bytes[index + 2] << 16;
  if (left >= 2) hash ^= bytes[index + 1] << 8;
  if (left >= 1) hash = Math.imul(hash ^ bytes[index], 0x5bd1e995);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0x5bd1e995);
  return (hash ^ (hash >>> 15)) | 0;
}

/** The partition that Kafka's default partitioner gives a key. */
export function partitionForKey(key: Uint8Array, partitionCount: number): number {
  return (murmur2(key) & 0x7fffffff) % partitionCount;
}
