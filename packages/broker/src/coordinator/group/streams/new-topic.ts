import type { CreateTopicsRequest } from "@millrace/protocol/definitions";

/** An internal topic that the broker is to make. */
export type NewTopic = CreateTopicsRequest["topics"][number];
