/** A member's request is refused: the code and the message go into the answer. */
export class GroupRefusal extends Error {
  readonly errorCode: number;

  constructor(errorCode: number, message: string) {
    super(message);
    this.errorCode = errorCode;
  }
}
