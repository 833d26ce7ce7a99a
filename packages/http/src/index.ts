export const packageName = "@millrace/http";
