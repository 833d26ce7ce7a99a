import { expect, test } from "vitest";

import { loadCommands } from "../load-commands.ts";
import { namesElsewhere } from "./names-elsewhere.ts";

test("what is called otherwise elsewhere is a flag of some command, and no two of one command share a name", async () => {
  const commands = await loadCommands(undefined);
  const known = new Set(commands.flatMap(({ flags }) => Object.keys(flags)));
  expect(Object.keys(namesElsewhere).filter((name) => !known.has(name))).toEqual([]);
  for (const { path, flags } of commands) {
    const names = Object.keys(flags).flatMap((name) => namesElsewhere[name] ?? []);
    expect(names.length, path).toBe(new Set(names).size);
  }
});
