export const packageName = "@millrace/serde-avro";
