/** A request of a streams group's member is refused: the code and the message go into the answer. */
export class StreamsGroupRefusal extends Error {
  readonly errorCode: number;

  constructor(errorCode: number, message: string) {
    super(message);
    this.errorCode = errorCode;
  }
}
