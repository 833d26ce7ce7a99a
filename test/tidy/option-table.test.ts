import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { optionPage, optionPagePath } from "./option-page.ts";

test("docs/reference/options.md is what the option tables say; `npm run docs:options` writes it", () => {
  expect(readFileSync(optionPagePath, "utf8")).toBe(optionPage());
});
