export type { EnumForm } from "./codec/enums.ts";
export type { JsonValue } from "./codec/known-codecs.ts";
export type { LongForm } from "./codec/longs.ts";
export type { ProtobufType, ReflectedType } from "./codec/message-form.ts";
export { ProtobufError, type ProtobufErrorCode } from "./codec/protobuf-error.ts";
export { protobufFormat, ProtobufSchema, type ProtobufFormat } from "./format/protobuf-format.ts";
export {
  protobuf,
  type ProtobufMessage,
  type ProtobufRegistryOptions,
  type ProtobufTypeOptions,
} from "./protobuf.ts";
export type { ProtobufOptions, ProtobufReference } from "./protobuf-options.ts";
