import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { repository } from "../tidy/source-files.ts";
import { pages } from "./pages.ts";

// What pages say by name is there: errors, events of the log, defaults of options, tests.
const read = (page: string): string => readFileSync(join(repository, page), "utf8");
const reference = (name: string): string => read(`docs/reference/${name}.md`);
const guides = pages.filter((page) => !page.startsWith("docs/reference/"));

interface Named {
  readonly page: string;
  readonly name: string;
}

/** Names in backticks, outside of blocks. */
function named(pattern: RegExp): readonly Named[] {
  return guides.flatMap((page) =>
    [
      ...read(page)
        .replaceAll(/^```[\s\S]*?^```/gm, "")
        .matchAll(/`([^`\n]+)`/g),
    ]
      .filter(([, name]) => pattern.test(name))
      .map(([, name]) => ({ page, name })),
  );
}

/** Of Java, of the environment, of npm and of Kafka's protocols: no codes of errors. */
const foreign =
  /^(?:PENDING_SHUTDOWN|NOT_RUNNING|PENDING_ERROR|UNKNOWN_QUERY_TYPE|DOES_NOT_EXIST|STORE_EXCEPTION|REPLACE_THREAD|SHUTDOWN_CLIENT|DELEGATION_TOKEN|SASL_SSL|ERR_PNPM_.*|(?:AWS|MILLRACE|NODE|MALLOC)_.*)$/;

test("a code of an error has a row in the reference", () => {
  const known = reference("errors") + reference("broker-errors");
  const codes = named(/^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$/).filter(({ name }) => !foreign.test(name));
  expect(codes.length).toBeGreaterThan(100);
  expect(codes.filter(({ name }) => !known.includes(`\`${name}\``))).toEqual([]);
});

test("an event of the log has a row in the reference", () => {
  const known = reference("log-events");
  const owners = "streams|client|state|rocksdb|sqlite|millrace|platform|logger|http|broker|log";
  const events = named(new RegExp(`^(?:${owners})\\.[a-z]+(?:-[a-z]+)+$`));
  expect(events.length).toBeGreaterThan(15);
  expect(events.filter(({ name }) => !known.includes(`\`${name}\``))).toEqual([]);
});

const units: Readonly<Record<string, string>> = {
  minutes: "m",
  minute: "m",
  hours: "h",
  hour: "h",
};

test("a default that is said beside an option is its default", () => {
  const defaults = new Map<string, Set<string>>();
  for (const [, name, value] of reference("options").matchAll(/^\| `(\w+)` \| ([^|]*?) \|/gm))
    defaults.set(name, (defaults.get(name) ?? new Set()).add(value.replaceAll(" ", "")));
  const said = guides.flatMap((page) =>
    [...read(page).matchAll(/`(\w+)` (?:\(|is )(\d+) ?(ms|s|minutes?|hours?|MiB|KiB)\b/g)].map(
      ([, name, number, unit]) => ({ page, name, value: number + (units[unit] ?? unit) }),
    ),
  );
  expect(said.length).toBeGreaterThan(10);
  const wrong = said.filter(({ name, value }) => {
    const own = defaults.get(name);
    return own !== undefined && !own.has(value);
  });
  expect(wrong).toEqual([]);
});

test("a test that is named is there", () => {
  const tests = named(/^(?:test|packages)\/[\w./-]+$/);
  expect(tests.length).toBeGreaterThan(20);
  expect(tests.filter(({ name }) => !existsSync(join(repository, name)))).toEqual([]);
});
