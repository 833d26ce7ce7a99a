import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll } from "vitest";

/** Makes a new folder whenever it is called; all are gone after the tests of the file. */
export function freshDirectories(name: string): () => string {
  const root = mkdtempSync(join(tmpdir(), `millrace-${name}-`));
  afterAll(() => rmSync(root, { recursive: true }));
  let count = 0;
  return () => {
    const directory = join(root, String(count++));
    mkdirSync(directory);
    return directory;
  };
}
