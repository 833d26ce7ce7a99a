export { ProtocolError, type ProtocolErrorCode } from "./protocol-error.ts";
export { KafkaError } from "./kafka-error.ts";
export { errorCodeOf, errorRow, errorTable, type ErrorName, type ErrorRow } from "./error-table.ts";

export { crc32c } from "./wire/crc32c.ts";
export {
  getInt64,
  readInt16,
  readInt32,
  readInt64,
  setInt64,
  writeInt16,
  writeInt32,
  writeInt64,
} from "./wire/int64.ts";
export { Reader } from "./wire/reader.ts";
export { Writer } from "./wire/writer.ts";
export { uuidFromBytes, uuidToBytes, zeroUuid, type Uuid } from "./wire/uuid.ts";
export {
  sizeOfUnsignedVarint,
  sizeOfVarint,
  sizeOfVarlong,
  writeUnsignedVarint,
  writeVarint,
  writeVarlong,
} from "./wire/varint.ts";

export {
  array,
  bool,
  bytes,
  float64,
  int16,
  int32,
  int64,
  int8,
  records,
  string,
  struct,
  uint16,
  uint32,
  uuid,
  type DecodedFields,
  type Field,
  type FieldOptions,
  type Fields,
  type GivenFields,
  type GivenRecords,
} from "./schema/field.ts";
export {
  message,
  type Decoded,
  type Given,
  type Message,
  type MessageVersions,
} from "./schema/message.ts";
export {
  codecOf,
  decodeMessage,
  decodeVersioned,
  encodeMessage,
  encodeVersioned,
  type Codec,
} from "./schema/codec.ts";
export { api, isFlexible, type Api } from "./schema/api.ts";

export { FRAME_BYTES_MAX_DEFAULT, FrameSplitter } from "./frames/frame-splitter.ts";
export {
  readRequestHeader,
  readResponseHeader,
  requestHeaderVersion,
  responseHeaderVersion,
  writeRequestHeader,
  writeResponseHeader,
  type RequestHeader,
} from "./frames/request-header.ts";

export { BatchCursor, checkBatchBounds } from "./records/batch-cursor.ts";
export {
  addToSequence,
  BATCH_HEADER_BYTES,
  BATCH_MAGIC,
  BATCH_OVERHEAD_BYTES,
  batchAttributes,
  compressionIdOf,
  computeCrc,
  hasDeleteHorizon,
  isControl,
  isCrcValid,
  isLogAppendTime,
  isTransactional,
  noPartitionLeaderEpoch,
  noProducerEpoch,
  noProducerId,
  noSequence,
  noTimestamp,
  readAttributes,
  readBaseOffset,
  readBaseSequence,
  readBaseTimestamp,
  readBatchHeader,
  readBatchSizeBytes,
  readCrc,
  readLastOffset,
  readLastOffsetDelta,
  readLastSequence,
  readMagic,
  readMaxTimestamp,
  readPartitionLeaderEpoch,
  readProducerEpoch,
  readProducerId,
  readRecordCount,
  setBaseOffset,
  setLogAppendTime,
  setPartitionLeaderEpoch,
  updateCrc,
  writeBatchHeader,
  type BatchHeader,
} from "./records/batch-header.ts";
export {
  compressionIdOfName,
  compressionNames,
  type Compression,
  type CompressionName,
} from "./records/compression.ts";
export {
  RecordBatchBuilder,
  recordSizeBytesMax,
  type BuildOptions,
  type RecordBatchBuilderOptions,
} from "./records/record-batch-builder.ts";
export {
  DECOMPRESSED_BYTES_MAX_DEFAULT,
  RecordBatchReader,
  type RecordBatchReaderOptions,
} from "./records/record-batch-reader.ts";
export {
  controlTypes,
  decodeControlBatch,
  encodeEndTransactionMarker,
  type ControlRecord,
  type ControlType,
  type EndTransactionMarker,
} from "./records/control-batch.ts";
export {
  AbortedTransactionFilter,
  type AbortedTransaction,
} from "./records/aborted-transaction-filter.ts";
