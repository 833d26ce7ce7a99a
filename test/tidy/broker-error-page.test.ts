import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { brokerErrorPage, brokerErrorPagePath } from "./broker-error-page.ts";

test("docs/reference/broker-errors.md is what the protocol's table says; `npm run docs:broker-errors` writes it", () => {
  expect(readFileSync(brokerErrorPagePath, "utf8")).toBe(brokerErrorPage());
});
