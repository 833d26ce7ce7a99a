import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { expect, test } from "vitest";

import { metricDescriptions } from "../../packages/cli/src/monitoring.ts";
import { repository } from "../tidy/source-files.ts";

const page = readFileSync(join(repository, "docs/guides/operating-the-broker.md"), "utf8");

test("the page on operating the broker names each metric that is there, and no other", () => {
  const named = new Set(page.match(/\b(?:kafka|millrace|process|nodejs)_\w+/g));
  named.delete("millrace_"); // of the names in general
  expect([...named].toSorted()).toEqual(Object.keys(metricDescriptions).toSorted());
  for (const [name, about] of Object.entries(metricDescriptions))
    expect(page).toMatch(
      new RegExp(`^\\| \`${name}\` \\| [\\w, ]*\\| ${escaped(about)} \\|$`, "m"),
    );
});

test("the events that it names are logged", () => {
  const files = globSync("packages/{broker,log}/src/**/*.ts", { cwd: repository });
  const sources = files
    .filter((file) => !file.endsWith(".test.ts"))
    .map((file) => readFileSync(join(repository, file), "utf8"))
    .join("");
  const events = page.match(/(?<=`)(?:broker|log)\.[a-z-]+(?=`)/g) ?? [];
  expect(events.length).toBeGreaterThan(8);
  expect(events.filter((event) => !sources.includes(`"${event}"`))).toEqual([]);
});

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}
