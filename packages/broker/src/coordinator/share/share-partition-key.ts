/** A partition as a share group reads it. */
export interface SharePartitionKey {
  readonly groupId: string;
  /** Text form of the UUID. */
  readonly topicId: string;
  readonly partition: number;
}

/** As FindCoordinator names it; Kafka places it by this text too. */
export function shareKeyText({ groupId, topicId, partition }: SharePartitionKey): string {
  return `${groupId}:${topicId}:${partition}`;
}
