import { FileSystemError, type FileSystemErrorCode } from "../file-system-error.ts";

const known: Readonly<Record<string, readonly [FileSystemErrorCode, string]>> = {
  ENOENT: ["NOT_FOUND", "there is no such file or directory"],
  EEXIST: ["ALREADY_EXISTS", "it is there already"],
  ENOTEMPTY: ["NOT_EMPTY", "the directory is not empty"],
  EISDIR: ["WRONG_KIND", "it is a directory, a file is needed"],
  ENOTDIR: ["WRONG_KIND", "a part of the path is a file, a directory is needed"],
  ENOSPC: ["DISK_FULL", "the disk is full; free some space, or move the data to a larger disk"],
  EDQUOT: ["DISK_FULL", "the disk quota is used up; free some space, or raise the quota"],
  EFBIG: ["DISK_FULL", "the file would exceed the largest size allowed here (see `ulimit -f`)"],
  EROFS: ["READ_ONLY", "the file system is read-only; mount it writable, or choose another folder"],
  EACCES: ["PERMISSION_DENIED", "permission denied; check the owner and mode of the folder"],
  EPERM: ["PERMISSION_DENIED", "not permitted; check the owner and mode of the folder"],
  EMFILE: ["TOO_MANY_OPEN_FILES", "too many open files in this process; raise `ulimit -n`"],
  ENFILE: ["TOO_MANY_OPEN_FILES", "too many open files on this machine; raise its limit"],
};

/** Node's error as ours. */
export function fileSystemError(path: string, cause: unknown): FileSystemError {
  const errno = errnoOf(cause);
  const entry = known[errno];
  if (entry !== undefined) return new FileSystemError(entry[0], path, entry[1], cause);
  return new FileSystemError(
    "INPUT_OUTPUT",
    path,
    `the device failed (${errno}); check the disk and the system's log`,
    cause,
  );
}

export function errnoOf(error: unknown): string {
  if (error instanceof Error && "code" in error && typeof error.code === "string")
    return error.code;
  return String(error);
}
