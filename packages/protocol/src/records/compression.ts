/** Names of the codecs, by the id in a batch's attributes. */
export const compressionNames = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

export type CompressionName = (typeof compressionNames)[number];

/** The id of a codec, as it stands in a batch's attributes. */
export function compressionIdOfName(name: CompressionName): number {
  return compressionNames.indexOf(name);
}

/**
 * Compresses the records of batches, and back. A port: the real one is at
 * `@millrace/protocol/compression`, since it needs `node:zlib`.
 */
export interface Compression {
  /**
   * @param level of gzip and zstd, by their own numbers; the others have none
   * @throws KafkaError `UNSUPPORTED_COMPRESSION_TYPE`
   */
  compress(compressionId: number, bytes: Uint8Array, level?: number): Uint8Array;
  /**
   * @throws KafkaError `UNSUPPORTED_COMPRESSION_TYPE`
   * @throws ProtocolError `UNDECOMPRESSABLE` for bytes that the codec has not made, `MALFORMED_BATCH`
   * for those that end too early or decompress to more than `sizeBytesMax`
   */
  decompress(compressionId: number, bytes: Uint8Array, sizeBytesMax: number): Uint8Array;
}
