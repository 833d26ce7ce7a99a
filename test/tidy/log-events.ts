import { isTest, sourceFiles } from "./source-files.ts";

/** An event that code logs, of all places that log it. */
export interface LoggedEvent {
  readonly levels: ReadonlySet<string>;
  /** Those that a literal beside the event names: there may be more. */
  readonly fields: ReadonlySet<string>;
}

const owners =
  "streams|client|state|rocksdb|sqlite|millrace|platform|logger|http|broker|log|schema-registry(?:-server)?";
const quoted = new RegExp(`"((?:${owners})\\.[a-z]+(?:-[a-z]+)*)"`, "g");
/** What stands before an event that is given to a logger, with the level; either may be a choice of two. */
const call = /(?:\blog|#tell)\(\s*(?<level>[^();]*?),\s*(?:[^();"]*\?\s*(?:"[a-z.-]+"\s*:\s*)?)?$/;
/** A name of RocksDB's own. */
const foreign = new Set(["rocksdb.estimate-num-keys"]);

/**
 * Events that the packages log, by their names: literals of a package's own with a dash in them, which nothing else has,
 * and whatever is given to a logger.
 */
export function loggedEvents(): ReadonlyMap<string, LoggedEvent> {
  const events = new Map<string, { levels: Set<string>; fields: Set<string> }>();
  for (const { path, text } of sourceFiles()) {
    if (isTest(path) || !path.startsWith("packages/") || path.includes("/test-support/")) continue;
    for (const found of text.matchAll(quoted)) {
      const [literal, name] = found;
      const given = call.exec(text.slice(Math.max(0, found.index - 200), found.index));
      if (foreign.has(name) || (given === null && !name.includes("-", name.indexOf(".")))) continue;
      const event = events.get(name) ?? { levels: new Set(), fields: new Set() };
      events.set(name, event);
      for (const [, level] of given?.groups?.["level"].matchAll(/"(debug|info|warn|error)"/g) ?? [])
        event.levels.add(level);
      for (const field of fieldsBehind(text, found.index + literal.length)) event.fields.add(field);
    }
  }
  return events;
}

/** Names in the object that follows; what is spread into it has none. */
function fieldsBehind(text: string, position: number): readonly string[] {
  const begin = /^\s*(?::\s*"[a-z.-]+"\s*)?,\s*\{/.exec(text.slice(position, position + 120));
  if (begin === null) return [];
  const fields: string[] = [];
  let depth = 0;
  let own = "";
  for (const character of text.slice(position + begin[0].length - 1).replaceAll(/"[^"\n]*"/g, "")) {
    if ("})]".includes(character)) depth -= 1;
    if (depth === 0 && own !== "") break;
    if (depth === 1) own += character;
    if ("{([".includes(character)) depth += 1;
  }
  for (const part of own.replaceAll(/\/\/.*$/gm, "").split(",")) {
    const name = /^\s*([A-Za-z]\w*)\s*(?::|$)/.exec(part)?.[1];
    if (name !== undefined) fields.push(name);
  }
  return fields;
}
