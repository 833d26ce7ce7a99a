export { ProtocolError, type ProtocolErrorCode } from "./protocol-error.ts";
export { KafkaError } from "./kafka-error.ts";
export { errorCodeOf, errorRow, errorTable, type ErrorName, type ErrorRow } from "./error-table.ts";
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
export { codecOf, decodeMessage, encodeMessage, type Codec } from "./schema/codec.ts";
export { decodeVersioned, decodeVersionedForward, encodeVersioned } from "./schema/versioned.ts";
export { api, isFlexible, type Api } from "./schema/api.ts";
export { frameBytesMaxDefault, FrameSplitter } from "./frames/frame-splitter.ts";
export {
  readRequestHeader,
  readResponseHeader,
  requestHeaderVersion,
  responseHeaderVersion,
  writeRequestHeader,
  writeResponseHeader,
  type RequestHeader,
} from "./frames/request-header.ts";
export {
  decodeBody,
  decodeCorrelationId,
  decodeRequestHeader,
  decodeResponse,
  encodeRequest,
  encodeResponse,
  type DecodedRequestHeader,
} from "./frames/messages.ts";
