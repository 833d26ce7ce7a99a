import { BaseError } from "@millrace/model";

export type FileSystemErrorCode =
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "NOT_EMPTY"
  | "WRONG_KIND"
  | "LOCKED"
  | "DISK_FULL"
  | "READ_ONLY"
  | "PERMISSION_DENIED"
  | "TOO_MANY_OPEN_FILES"
  | "INPUT_OUTPUT";

/** What the file system refused, and for which path. */
export class FileSystemError extends BaseError<FileSystemErrorCode> {
  readonly path: string;

  constructor(code: FileSystemErrorCode, path: string, message: string, cause?: unknown) {
    super(code, `${path}: ${message}`, {
      retriable: code === "DISK_FULL" || code === "LOCKED" || code === "TOO_MANY_OPEN_FILES",
      cause,
    });
    this.path = path;
  }
}
