import type { GroupMembershipOptions } from "@millrace/cluster";

import type { ClientContext } from "../client-context.ts";
import { ClassicMembership } from "./classic-membership.ts";
import { consumerGroupProtocol } from "./consumer-group-protocol.ts";

/** A member of a group of consumers. */
export function openConsumerGroup(
  context: ClientContext,
  options: GroupMembershipOptions,
  onClosed?: () => void,
): ClassicMembership {
  const protocol = consumerGroupProtocol({ context, options });
  return new ClassicMembership(context, options, protocol, onClosed);
}
