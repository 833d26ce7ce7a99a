import { LogStorageError } from "@millrace/log";
import { FileSystemError } from "@millrace/platform";

/** Whether an error is of the whole device or directory, and not of the one partition that met it. */
export function isOfDevice(error: unknown): boolean {
  if (error instanceof LogStorageError)
    return error.code !== "LOG_MISSING" && error.code !== "LOG_UNUSABLE";
  return error instanceof FileSystemError && deviceCodes.has(error.code);
}

const deviceCodes: ReadonlySet<string> = new Set([
  "DISK_FULL",
  "INPUT_OUTPUT",
  "READ_ONLY",
  "TOO_MANY_OPEN_FILES",
]);
