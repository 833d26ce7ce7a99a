import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

/**
 * What tells an application's state from one that was made anew: the process id, and the identity that RocksDB gives each
 * task's database as it makes it, or the file of SQLite's. A database that was set aside is among them.
 */
export function stateIdentities(folder: string): Readonly<Record<string, string>> {
  if (!existsSync(folder)) return {};
  const files = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory())
      return ["IDENTITY", databaseOfSqlite].map((name) => join(entry.name, name));
    return entry.name === "kafka-streams-process-metadata" ? [entry.name] : [];
  });
  const present = files.filter((file) => existsSync(join(folder, file)));
  return Object.fromEntries(present.map((file) => [file, identityOf(join(folder, file))]));
}

const databaseOfSqlite = "store.sqlite";

function identityOf(file: string): string {
  if (!file.endsWith(databaseOfSqlite)) return readFileSync(file, "utf8");
  const { ino, birthtimeMs } = statSync(file);
  return `${ino} ${birthtimeMs}`;
}
