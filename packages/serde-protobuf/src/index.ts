export const packageName = "@millrace/serde-protobuf";
