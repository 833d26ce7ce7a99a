export const packageName = "@millrace/schema-registry-server";
