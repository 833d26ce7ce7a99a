import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Every line of the Markdown files below a folder, in the order of their paths. */
export function readText(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return markdownFiles(folder)
    .sort()
    .flatMap((file) => readFileSync(file, "utf8").split("\n"))
    .filter((line) => line.trim() !== "");
}

function markdownFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith(".") || entry.name === "node_modules") return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return markdownFiles(path);
    return entry.name.endsWith(".md") ? [path] : [];
  });
}
