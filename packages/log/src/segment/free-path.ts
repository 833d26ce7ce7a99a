import type { Offset } from "@millrace/model";
import type { FileSystem } from "@millrace/platform";
import { offsetFileName } from "./log-file-names.ts";

/** For what is set aside: what was before stays (`<offset>.torn`, `<offset>.2.torn`, …). */
export function freePath(
  fileSystem: FileSystem,
  directory: string,
  { offset, suffix }: { readonly offset: Offset; readonly suffix: string },
): string {
  for (let count = 1; ; count++) {
    const name = offsetFileName(offset, count === 1 ? suffix : `.${count}${suffix}`);
    const path = `${directory}/${name}`;
    if (fileSystem.stat(path) === undefined) return path;
  }
}
