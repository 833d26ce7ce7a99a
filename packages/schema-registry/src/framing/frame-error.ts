import { BaseError } from "@millrace/model";

export type FrameErrorCode =
  /** The bytes begin with something else than a schema's id: another serde wrote them. */
  | "UNKNOWN_MAGIC_BYTE"
  /** The bytes end within the id or the message indexes. */
  | "FRAME_TRUNCATED"
  /** Message indexes that no schema can have. */
  | "FRAME_INVALID";

/** Bytes that are not framed as a serde of the schema registry frames them. */
export class FrameError extends BaseError<FrameErrorCode> {}
