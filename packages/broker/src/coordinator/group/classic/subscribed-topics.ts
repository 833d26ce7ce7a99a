import { codecOf, ProtocolError } from "@millrace/protocol";
import { consumerProtocolSubscription } from "@millrace/protocol/definitions";
import { Reader } from "@millrace/protocol/wire";

/** Protocol type of groups whose members are consumers. */
export const consumerProtocolType = "consumer";

/**
 * Topics that the metadata of a consumer names; undefined if it is no subscription, and so opaque.
 * Every version begins like version 0.
 */
export function subscribedTopicsOf(metadata: Uint8Array): readonly string[] | undefined {
  try {
    const reader = new Reader(metadata);
    if (reader.readInt16() < 0) return undefined;
    return codecOf(consumerProtocolSubscription, 0).read(reader).topics;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
