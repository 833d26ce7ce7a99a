import { readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { loggedEvents } from "./log-events.ts";
import { repository } from "./source-files.ts";

interface Row {
  readonly events: readonly string[];
  readonly levels: readonly string[];
  readonly fields: readonly string[];
  readonly cells: readonly string[];
}

function rows(): readonly Row[] {
  const page = readFileSync(join(repository, "docs/reference/log-events.md"), "utf8");
  return page
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => {
      const cells = line.slice(2, -2).split(" | ");
      const [events, levels, fields] = cells;
      return {
        events: codesIn(events),
        levels: levels.split(", "),
        fields: codesIn(fields),
        cells,
      };
    });
}

function codesIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code);
}

const logged = loggedEvents();
const told = rows();

test("every event that is logged has a row in docs/reference/log-events.md, and no row is without an event", () => {
  const known = told.flatMap(({ events }) => events);
  expect(known.length).toBeGreaterThan(100);
  expect(known.filter((event, index) => known.indexOf(event) < index)).toEqual([]);
  expect([...logged.keys()].filter((event) => !known.includes(event)).toSorted()).toEqual([]);
  expect(known.filter((event) => !logged.has(event)).toSorted()).toEqual([]);
});

test("with its level, its fields, what happened and what to do", () => {
  const wrong = told.flatMap(({ events, levels, fields, cells }) => {
    const own = events.flatMap((event) => logged.get(event) ?? []);
    const ownLevels = new Set(own.flatMap((event) => [...event.levels]));
    const ownFields = [...new Set(own.flatMap((event) => [...event.fields]))];
    return [
      ...[...ownLevels].filter((level) => !levels.includes(level)),
      ...(ownLevels.size === 0 ? [] : levels.filter((level) => !ownLevels.has(level))),
      ...ownFields.filter((field) => !fields.includes(field)),
      ...(cells.length === 5 && cells.every((cell) => cell !== "") ? [] : ["a cell"]),
    ].map((what) => `${events.join(", ")}: ${what}`);
  });
  expect(wrong).toEqual([]);
});
