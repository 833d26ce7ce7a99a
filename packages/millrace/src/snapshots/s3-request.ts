import { SnapshotError } from "@millrace/state";

/** Of an answer: blocks have some MiB, unless one row has more. */
const answerBytesMax = 512 * 2 ** 20;

export interface S3Request {
  readonly method: "GET" | "PUT" | "DELETE";
  readonly url: string;
  readonly body?: Uint8Array;
  readonly signal: AbortSignal | undefined;
}

export interface S3Answer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** @throws SnapshotError `SNAPSHOT_STORE_FAILED`: there are too many */
export async function answerBytes(answer: Response): Promise<Uint8Array> {
  if (answer.body === null) return new Uint8Array(0);
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of answer.body) {
    parts.push(part);
    length += part.length;
    if (length > answerBytesMax)
      throw new SnapshotError(
        "SNAPSHOT_STORE_FAILED",
        `GET ${answer.url}: the answer has more than ${answerBytesMax} bytes, and is no part of a snapshot`,
      );
  }
  const bytes = new Uint8Array(length);
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}
