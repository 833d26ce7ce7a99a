import { nodePlatform } from "@millrace/platform/node";

import { freshDirectories } from "../../platform/test-support/fresh-directories.ts";
import { sqliteEngineProvider } from "../src/index.ts";

/** SQLite's engines in folders of their own, and what they log, from warnings on. */
export function loggedSqlite(name: string) {
  const logged: string[] = [];
  const platform = nodePlatform({
    logLevel: "warn",
    writeLogLine: (line) => void logged.push(line),
  });
  const sqlite = sqliteEngineProvider(platform);
  return { platform, logged, sqlite, freshDirectory: freshDirectories(name) };
}
