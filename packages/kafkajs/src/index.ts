export const packageName = "@millrace/kafkajs";
