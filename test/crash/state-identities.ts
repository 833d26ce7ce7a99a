import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * What tells an application's state from one that was made anew: the process id, and the identity that RocksDB gives each
 * task's database as it makes it. A database that was set aside as damaged is among them.
 */
export function stateIdentities(folder: string): Readonly<Record<string, string>> {
  if (!existsSync(folder)) return {};
  const files = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) return [join(entry.name, "IDENTITY")];
    return entry.name === "kafka-streams-process-metadata" ? [entry.name] : [];
  });
  const present = files.filter((file) => existsSync(join(folder, file)));
  return Object.fromEntries(
    present.map((file) => [file, readFileSync(join(folder, file), "utf8")]),
  );
}
