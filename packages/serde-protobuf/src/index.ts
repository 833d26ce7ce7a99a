export { protobufFormat, ProtobufSchema, type ProtobufFormat } from "./format/protobuf-format.ts";
