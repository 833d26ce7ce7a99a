export { crc32c } from "./crc32c.ts";
export {
  getInt64,
  readInt16,
  readInt32,
  readInt64,
  setInt64,
  writeInt16,
  writeInt32,
  writeInt64,
} from "./int64.ts";
export { Reader } from "./reader.ts";
export { Writer } from "./writer.ts";
export { uuidFromBytes, uuidToBytes, zeroUuid, type Uuid } from "./uuid.ts";
export {
  sizeOfUnsignedVarint,
  sizeOfVarint,
  sizeOfVarlong,
  writeUnsignedVarint,
  writeVarint,
  writeVarlong,
} from "./varint.ts";
