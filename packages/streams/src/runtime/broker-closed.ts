import type { OffsetAndMetadata } from "@millrace/cluster";
import { messageOf, topicPartitionName } from "@millrace/model";

import { ApplicationError } from "../error/application-error.ts";

const namesMax = 10;

/** What to tell where the broker is gone for good, and what was processed cannot be committed any more. */
export function brokerClosed(
  applicationId: string,
  uncommitted: readonly OffsetAndMetadata[],
  cause: unknown,
): ApplicationError {
  const names = uncommitted
    .slice(0, namesMax)
    .map(
      ({ topic, partition, offset }) =>
        `${topicPartitionName(topic, partition)} up to offset ${offset}`,
    );
  const further = uncommitted.length - names.length;
  if (further > 0) names.push(`${further} more`);
  const left =
    names.length === 0
      ? "All that was processed is committed"
      : `Not committed, and processed again after the next start: ${names.join(", ")}`;
  return new ApplicationError(
    "BROKER_CLOSED",
    `application ${applicationId} has ended: ${messageOf(cause)}. ${left}. Close applications before their broker.`,
    { cause },
  );
}
