/** So far down causes are followed. */
const causesMax = 32;

/** The message of whatever was thrown. Anything can be: also what cannot be made a text of. */
export function messageOf(thrown: unknown): string {
  try {
    return String(thrown instanceof Error ? thrown.message : thrown);
  } catch {
    return "something without a message was thrown";
  }
}

/** Its stack; of what has none, its message. */
export function stackOf(thrown: unknown): string {
  try {
    const stack: unknown = thrown instanceof Error ? thrown.stack : undefined;
    return typeof stack === "string" ? stack : messageOf(thrown);
  } catch {
    return messageOf(thrown);
  }
}

/** An error, then what it says its cause is, and so on: as long as they are errors, and each once, since they may go in a circle. */
export function causesOf(thrown: unknown): readonly Error[] {
  const found: Error[] = [];
  try {
    let error = thrown;
    while (error instanceof Error && !found.includes(error) && found.length < causesMax) {
      found.push(error);
      error = error.cause;
    }
  } catch {
    // A program's own error answers with another one: there it ends.
  }
  return found;
}
