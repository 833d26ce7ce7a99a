import { KafkaError, type ErrorName } from "@millrace/protocol";

const others =
  " while it has members with another groupProtocol, or other assignors (stop those first; what killed processes left goes when their sessions end)";

/**
 * What to say before the error by which a group refuses a member.
 *
 * @param ofOthers the errors by which a broker says that members are there that share out their work otherwise
 */
export function groupRefusal(
  groupId: string,
  error: unknown,
  ofOthers: readonly ErrorName[] = ["INCONSISTENT_GROUP_PROTOCOL"],
): string {
  const areOthers = error instanceof KafkaError && ofOthers.includes(error.code);
  return `group ${groupId} does not take this member${areOthers ? others : ""}`;
}
