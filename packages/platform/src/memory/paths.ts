import { FileSystemError } from "../file-system-error.ts";

/** Empty parts and `.` say nothing; `..` goes up. */
export function partsOf(path: string): readonly string[] {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts;
}

export function notFound(path: string): FileSystemError {
  return new FileSystemError("NOT_FOUND", path, "there is no such file or directory");
}

export function alreadyThere(path: string): FileSystemError {
  return new FileSystemError("ALREADY_EXISTS", path, "it is there already");
}

export function notEmpty(path: string): FileSystemError {
  return new FileSystemError("NOT_EMPTY", path, "the directory is not empty");
}

export function wrongKind(path: string, needed: "file" | "directory"): FileSystemError {
  return new FileSystemError("WRONG_KIND", path, `a ${needed} is needed here`);
}
