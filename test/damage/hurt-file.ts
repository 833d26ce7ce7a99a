import type { FileSystem } from "@millrace/platform";

import { readFile, writeFile } from "./copy-files.ts";

/** Numbers below 1, the same ones for a seed. */
export type Random = () => number;

export const hurts = ["flip", "cut", "excise", "remove"] as const;

export type Hurt = (typeof hurts)[number];

/** What a disk, or somebody, may do to a file; says where. */
export function hurtFile(
  fileSystem: FileSystem,
  path: string,
  { hurt, random }: { readonly hurt: Hurt; readonly random: Random },
): string {
  const bytes = readFile(fileSystem, path);
  const at = Math.floor(random() * bytes.length);
  const count = 1 + Math.floor(random() * 40);
  switch (hurt) {
    case "remove":
      fileSystem.remove(path);
      return "whole";
    case "flip":
      if (bytes.length > 0) bytes[at] ^= 1 << Math.floor(random() * 8);
      writeFile(fileSystem, path, bytes);
      return `at ${at} of ${bytes.length}`;
    case "cut":
      writeFile(fileSystem, path, bytes.subarray(0, at));
      return `to ${at} of ${bytes.length}`;
    case "excise":
      writeFile(
        fileSystem,
        path,
        Uint8Array.from([...bytes.subarray(0, at), ...bytes.subarray(at + count)]),
      );
      return `${count} at ${at} of ${bytes.length}`;
  }
}

/** What a file is, so that each kind gets its share: many are of one kind, few of another. */
export function kindOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const topic = /__[a-z_]+/.exec(path)?.[0] ?? "";
  const suffix = /\.(log|index|timeindex|txnindex|snapshot|checksum|sst|ldb)$/.exec(name)?.[0];
  if (path.includes("/rocksdb/")) return `rocksdb ${suffix ?? name.replace(/\d+/, "N")}`;
  if (path.includes("/state/")) return `state ${name}`;
  return suffix === undefined ? name : `${topic}${topic === "" ? "" : " "}${suffix}`;
}
