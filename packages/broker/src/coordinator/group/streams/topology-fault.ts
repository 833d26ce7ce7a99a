/** Codes of a heartbeat's status (Kafka: `StreamsGroupHeartbeatResponse.Status`). */
export const statusCode = {
  staleTopology: 0,
  missingSourceTopics: 1,
  incorrectlyPartitionedTopics: 2,
  missingInternalTopics: 3,
  shutdownApplication: 4,
  assignmentDelayed: 5,
} as const;

export interface GroupStatus {
  readonly statusCode: number;
  readonly statusDetail: string;
}

/** Topics are not as the topology needs them: told as a status until they are. */
export class TopicFault extends Error {
  readonly status: GroupStatus;

  constructor(code: number, statusDetail: string) {
    super(statusDetail);
    this.status = { statusCode: code, statusDetail };
  }
}
