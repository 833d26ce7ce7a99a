import { ClusterError } from "@millrace/cluster";

/**
 * Of a commit it means no more than that the seat is not that of the commit: a member that was forgotten takes its next
 * one under the same `group.instance.id` while the commit is under way. Where it is another process that has the id, the
 * membership itself is told so.
 */
export function fencedCommit(error: unknown): unknown {
  if (!(error instanceof ClusterError) || error.code !== "MEMBER_FENCED") return error;
  return new ClusterError(
    "COMMIT_FENCED",
    `${error.message}, or this one has joined again meanwhile; go on from what is committed`,
    { cause: error.cause },
  );
}
