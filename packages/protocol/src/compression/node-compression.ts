// By its default: a Node without zstd would refuse the names at the import, before it can be told that it is too old.
import zlib from "node:zlib";

import { messageOf } from "@millrace/model";
import { KafkaError } from "../kafka-error.ts";
import { ProtocolError } from "../protocol-error.ts";
import { type Compression, compressionNames } from "../records/compression.ts";
import { setNativeCrc32c } from "../wire/crc32c.ts";
import { compressLz4, decompressLz4 } from "./lz4.ts";
import { loadNativeCrc32c } from "./native-crc32c.ts";
import { compressSnappy, decompressSnappy } from "./snappy.ts";

// All that has codecs runs in Node, and checks batches.
setNativeCrc32c(loadNativeCrc32c());

/** Favours speed: level 1 of zstd compresses JSON to a sixth at 0.6 GB/s. */
const zstdLevelDefault = 1;
/** What zlib says of bytes that end too early, or of too many of them. */
const shortOrLongCodes: readonly string[] = [
  "Z_BUF_ERROR",
  "ZSTD_error_srcSize_wrong",
  "ERR_BUFFER_TOO_LARGE",
];

/**
 * Gzip and zstd by Node's synchronous zlib: small batches do not pay for a hop to another thread.
 * Snappy and lz4 by code of our own.
 */
export const nodeCompression: Compression = {
  compress(compressionId, bytes, level) {
    switch (compressionNames[compressionId]) {
      case "none":
        return bytes;
      case "gzip":
        return plainBytes(zlib.gzipSync(bytes, { level }));
      case "snappy":
        return compressSnappy(bytes);
      case "lz4":
        return compressLz4(bytes);
      case "zstd":
        return plainBytes(zlib.zstdCompressSync(bytes, zstdOptions(level)));
      default:
        throw unsupported(compressionId);
    }
  },

  decompress(compressionId, bytes, sizeBytesMax) {
    switch (compressionNames[compressionId]) {
      case "none":
        return bytes;
      case "gzip":
        return guarded("gzip", () => zlib.gunzipSync(bytes, { maxOutputLength: sizeBytesMax }));
      case "snappy":
        return decompressSnappy(bytes, sizeBytesMax);
      case "lz4":
        return decompressLz4(bytes, sizeBytesMax);
      case "zstd":
        return guarded("zstd", () => decompressZstd(bytes, sizeBytesMax));
      default:
        throw unsupported(compressionId);
    }
  },
};

function zstdOptions(level: number = zstdLevelDefault) {
  return { params: { [zlib.constants.ZSTD_c_compressionLevel]: level } };
}

/** A producer makes one; each takes a decoder of its own, and a batch of a megabyte has room for a hundred thousand. */
const zstdFramesMax = 1000;

/** Node stops behind the first frame, and overlooks what follows it. */
function decompressZstd(bytes: Uint8Array, sizeBytesMax: number): Uint8Array {
  const frames: Uint8Array[] = [];
  let sizeBytes = 0;
  let at = 0;
  let frame: ZstdFrame;
  do {
    if (frames.length === zstdFramesMax)
      throw new ProtocolError("MALFORMED_BATCH", `a batch has more than ${zstdFramesMax} frames`);
    const options = { maxOutputLength: Math.max(sizeBytesMax - sizeBytes, 1), info: true };
    // What the option gives stands in Node's documentation, and not in its types.
    frame = zlib.zstdDecompressSync(bytes.subarray(at), options) as unknown as ZstdFrame;
    frames.push(frame.buffer);
    sizeBytes += frame.buffer.length;
    at += frame.engine.bytesWritten;
  } while (frame.engine.bytesWritten > 0 && at < bytes.length);
  return frames.length === 1 ? frames[0] : Buffer.concat(frames);
}

interface ZstdFrame {
  readonly buffer: Uint8Array;
  /** Bytes that went in. */
  readonly engine: { readonly bytesWritten: number };
}

/** What Node throws for bytes of others is a ProtocolError to us. */
function guarded(name: string, decompress: () => Uint8Array): Uint8Array {
  try {
    return plainBytes(decompress());
  } catch (cause) {
    if (cause instanceof ProtocolError) throw cause;
    const reason = messageOf(cause);
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    throw new ProtocolError(
      shortOrLongCodes.includes(code) ? "MALFORMED_BATCH" : "UNDECOMPRESSABLE",
      `a batch cannot be decompressed by ${name}: ${reason}`,
      { cause },
    );
  }
}

/**
 * A `Uint8Array` on the same memory: what Node gives is a subclass with a `subarray` of its own.
 */
function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function unsupported(compressionId: number): KafkaError {
  return new KafkaError(
    "UNSUPPORTED_COMPRESSION_TYPE",
    `codec ${compressionId} is not known; use gzip, snappy, lz4, zstd or none`,
  );
}
