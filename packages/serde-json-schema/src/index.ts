export const packageName = "@millrace/serde-json-schema";
