/** A request of a share group's member is refused for a partition, with Kafka's code and message. */
export class SharePartitionRefusal extends Error {
  readonly errorCode: number;

  constructor(errorCode: number, message: string) {
    super(message);
    this.errorCode = errorCode;
  }
}
