import { decodeUtf8, encodeUtf8 } from "@millrace/model";
import {
  check,
  checkEqual,
  failureCodeOf,
  type ConformanceCase,
} from "@millrace/model/conformance";
import type { FileHandle, FileSystem } from "../file-system.ts";

/** A file system and an empty directory in it. */
export interface FileSystemSubject {
  readonly fileSystem: FileSystem;
  readonly directory: string;
}

function write(file: FileHandle, text: string, position: number): void {
  file.write([encodeUtf8(text)], position);
}

function content(file: FileHandle): string {
  const target = new Uint8Array(file.sizeBytes());
  checkEqual(file.read(target, 0), target.length, "a whole file is read at once");
  return decodeUtf8(target);
}

/** What every `FileSystem` does. */
export const fileSystemConformance: readonly ConformanceCase<FileSystemSubject>[] = [
  {
    name: "a file that must be there and is not, is NOT_FOUND; stat says undefined",
    run: async ({ fileSystem, directory }) => {
      const path = `${directory}/none`;
      checkEqual(await failureCodeOf(() => fileSystem.open(path, "read")), "NOT_FOUND", "read");
      checkEqual(
        await failureCodeOf(() => fileSystem.open(path, "readWrite")),
        "NOT_FOUND",
        "readWrite",
      );
      checkEqual(await failureCodeOf(() => fileSystem.list(path)), "NOT_FOUND", "list");
      const deep = `${path}/deeper`;
      checkEqual(await failureCodeOf(() => fileSystem.open(deep, "create")), "NOT_FOUND", "create");
      checkEqual(await failureCodeOf(() => fileSystem.rename(path, deep)), "NOT_FOUND", "rename");
      checkEqual(await failureCodeOf(() => fileSystem.syncDirectory(deep)), "NOT_FOUND", "sync");
      check(fileSystem.stat(path) === undefined, "stat of nothing is undefined");
      check(fileSystem.stat(deep) === undefined, "stat below nothing is undefined");
      fileSystem.remove(path);
      fileSystem.removeDirectory(path);
    },
  },
  {
    name: "create refuses what is there; openOrCreate takes either, and keeps the content",
    run: async ({ fileSystem, directory }) => {
      const path = `${directory}/file`;
      const file = fileSystem.open(path, "create");
      write(file, "kept", 0);
      file.close();
      checkEqual(
        await failureCodeOf(() => fileSystem.open(path, "create")),
        "ALREADY_EXISTS",
        "create",
      );
      const again = fileSystem.open(path, "openOrCreate");
      checkEqual(content(again), "kept", "content");
      again.close();
      again.close();
      fileSystem.open(`${directory}/other`, "openOrCreate").close();
      checkEqual(fileSystem.list(directory), ["file", "other"], "names");
      checkEqual(fileSystem.stat(path), { kind: "file", sizeBytes: 4 }, "stat");
    },
  },
  {
    name: "parts are written one after the other at the position; a gap reads as zeros",
    run: async ({ fileSystem, directory }) => {
      const file = fileSystem.open(`${directory}/file`, "create");
      file.write([encodeUtf8("ab"), new Uint8Array(0), encodeUtf8("cde"), encodeUtf8("f")], 0);
      file.write([encodeUtf8("XY")], 2);
      file.write([], 100);
      file.write([new Uint8Array(0)], 100);
      checkEqual(content(file), "abXYef", "content");
      write(file, "z", 8);
      checkEqual(content(file), "abXYef\0\0z", "content with a gap");
      const tail = new Uint8Array(10);
      checkEqual(file.read(tail, 7), 2, "bytes before the end");
      checkEqual(file.read(tail, 9), 0, "bytes at the end");
      checkEqual(file.read(tail, 50), 0, "bytes beyond the end");
      file.close();
    },
  },
  {
    name: "more parts than one system call takes are written whole",
    run: async ({ fileSystem, directory }) => {
      const file = fileSystem.open(`${directory}/file`, "create");
      const parts = Array.from({ length: 3000 }, (_, index) => new Uint8Array(7).fill(index));
      file.write(parts, 3);
      const target = new Uint8Array(21_003);
      checkEqual(file.read(target, 0), 21_003, "size");
      for (let index = 0; index < 3000; index++)
        check(target[3 + 7 * index] === (index & 0xff), `part ${index} is in place`);
      file.close();
    },
  },
  {
    name: "truncate cuts, and grows with zeros; what was cut does not come back",
    run: async ({ fileSystem, directory }) => {
      const file = fileSystem.open(`${directory}/file`, "create");
      write(file, "abcdef", 0);
      file.truncate(2);
      checkEqual(content(file), "ab", "cut");
      file.truncate(4);
      checkEqual(content(file), "ab\0\0", "grown");
      await file.datasync();
      file.close();
    },
  },
  {
    name: "a file opened for reading cannot be written",
    run: async ({ fileSystem, directory }) => {
      fileSystem.open(`${directory}/file`, "create").close();
      const file = fileSystem.open(`${directory}/file`, "read");
      checkEqual(await failureCodeOf(() => write(file, "x", 0)), "READ_ONLY", "write");
      checkEqual(await failureCodeOf(() => file.truncate(0)), "READ_ONLY", "truncate");
      file.close();
    },
  },
  {
    name: "a closed file cannot be used (PLATFORM-2)",
    run: async ({ fileSystem, directory }) => {
      const file = fileSystem.open(`${directory}/file`, "create");
      file.close();
      checkEqual(await failureCodeOf(() => write(file, "x", 0)), "INVARIANT", "write");
      checkEqual(await failureCodeOf(() => file.read(new Uint8Array(1), 0)), "INVARIANT", "read");
      checkEqual(await failureCodeOf(() => file.datasync()), "INVARIANT", "datasync");
      checkEqual(await failureCodeOf(() => file.sizeBytes()), "INVARIANT", "sizeBytes");
    },
  },
  {
    name: "close during a datasync lets it finish",
    run: async ({ fileSystem, directory }) => {
      const file = fileSystem.open(`${directory}/file`, "create");
      write(file, "x", 0);
      const synced = file.datasync();
      file.close();
      await synced;
    },
  },
  {
    name: "rename replaces a file; an open handle stays with its file",
    run: async ({ fileSystem, directory }) => {
      const old = fileSystem.open(`${directory}/target`, "create");
      write(old, "old", 0);
      const file = fileSystem.open(`${directory}/source`, "create");
      write(file, "new", 0);
      fileSystem.rename(`${directory}/source`, `${directory}/target`);
      checkEqual(fileSystem.list(directory), ["target"], "names");
      checkEqual(content(old), "old", "the replaced file, through its handle");
      write(file, "!", 3);
      const target = fileSystem.open(`${directory}/target`, "read");
      checkEqual(content(target), "new!", "the new file");
      for (const handle of [old, file, target]) handle.close();
      await fileSystem.syncDirectory(directory);
    },
  },
  {
    name: "a removed file is read on by those who have it open",
    run: async ({ fileSystem, directory }) => {
      const file = fileSystem.open(`${directory}/file`, "create");
      write(file, "still", 0);
      fileSystem.remove(`${directory}/file`);
      check(fileSystem.stat(`${directory}/file`) === undefined, "its name is gone");
      checkEqual(content(file), "still", "content");
      file.close();
    },
  },
  {
    name: "directories: made with parents, again without harm, renamed, removed only when empty",
    run: async ({ fileSystem, directory }) => {
      fileSystem.makeDirectory(`${directory}/a/b/c`);
      fileSystem.makeDirectory(`${directory}/a/b`);
      checkEqual(fileSystem.list(`${directory}/a`), ["b"], "names");
      check(fileSystem.stat(`${directory}/a`)?.kind === "directory", "it is a directory");
      fileSystem.open(`${directory}/a/b/file`, "create").close();
      const removal = await failureCodeOf(() => fileSystem.removeDirectory(`${directory}/a/b`));
      checkEqual(removal, "NOT_EMPTY", "removal of what is not empty");
      fileSystem.rename(`${directory}/a/b`, `${directory}/moved`);
      checkEqual(fileSystem.list(`${directory}/moved`), ["c", "file"], "names moved");
      fileSystem.remove(`${directory}/moved/file`);
      fileSystem.removeDirectory(`${directory}/moved/c`);
      fileSystem.removeDirectory(`${directory}/moved`);
      checkEqual(fileSystem.list(directory), ["a"], "names left");
    },
  },
  {
    name: "a directory is not a file, and a file is not a directory",
    run: async ({ fileSystem, directory }) => {
      fileSystem.open(`${directory}/file`, "create").close();
      fileSystem.makeDirectory(`${directory}/folder`);
      const opened = await failureCodeOf(() => fileSystem.open(`${directory}/folder`, "read"));
      checkEqual(opened, "WRONG_KIND", "open");
      checkEqual(
        await failureCodeOf(() => fileSystem.list(`${directory}/file`)),
        "WRONG_KIND",
        "list",
      );
      const made = await failureCodeOf(() => fileSystem.makeDirectory(`${directory}/file`));
      checkEqual(made, "WRONG_KIND", "makeDirectory");
      const below = await failureCodeOf(() => fileSystem.open(`${directory}/file/x`, "create"));
      checkEqual(below, "WRONG_KIND", "create below a file");
      check(fileSystem.stat(`${directory}/file/x`) === undefined, "nothing is below a file");
    },
  },
  {
    name: "a lock has one holder, whose note others read until it is released",
    run: async ({ fileSystem, directory }) => {
      const path = `${directory}/lock`;
      check(fileSystem.readLockNote(path) === undefined, "no note without a holder");
      const lock = await fileSystem.lock(path, "first");
      checkEqual(fileSystem.readLockNote(path), "first", "note");
      checkEqual(await failureCodeOf(() => fileSystem.lock(path)), "LOCKED", "a second holder");
      lock.setNote("second");
      checkEqual(fileSystem.readLockNote(path), "second", "note");
      lock.release();
      lock.release();
      check(fileSystem.readLockNote(path) === undefined, "no note after the release");
      const next = await fileSystem.lock(path);
      lock.release();
      checkEqual(
        await failureCodeOf(() => fileSystem.lock(path)),
        "LOCKED",
        "an old release does nothing",
      );
      next.release();
    },
  },
  {
    name: "of many that ask for a lock at once, at most one holds it",
    run: async ({ fileSystem, directory }) => {
      const path = `${directory}/lock`;
      const asked = await Promise.allSettled(
        Array.from({ length: 5 }, () => fileSystem.lock(path)),
      );
      const held = asked.filter((outcome) => outcome.status === "fulfilled");
      check(held.length === 1, `one holder, not ${held.length}`);
      for (const outcome of held) outcome.value.release();
    },
  },
  {
    name: "free space is told, even for a path that is not there yet",
    run: async ({ fileSystem, directory }) => {
      check(fileSystem.freeBytes(directory) > 0, "some bytes are free");
      check(fileSystem.freeBytes(`${directory}/later/deep`) > 0, "some bytes are free later");
      const total = fileSystem.totalBytes(directory);
      check(total >= fileSystem.freeBytes(directory), "no more is free than there is");
    },
  },
  {
    name: "a path is told from the root on, and that one as it is",
    run: async ({ fileSystem, directory }) => {
      const absolute = fileSystem.absolutePath(`${directory}/later`);
      check(absolute.startsWith("/") || /^[A-Z]:/i.test(absolute), absolute);
      check(fileSystem.absolutePath(absolute) === absolute, absolute);
    },
  },
];
