import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { connect } from "millrace";
import { expect, test } from "vitest";

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const program = `
  import { Worker } from "node:worker_threads";
  import { connect, string } from "millrace";
  import { string as same } from "@millrace/serde";
  console.log(JSON.stringify([import.meta.resolve("millrace"), import.meta.resolve("rxjs"), string === same]));
  new Worker("import('millrace').then(({ connect }) => connect({}))", { eval: true })
    .once("error", ({ stack }) => console.log(JSON.stringify(stack)));
`;

test(`a process that a test starts has the packages ${isVerify ? "from their files" : "in bundles, and so do its threads"}`, async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "-e", program],
    { cwd: import.meta.dirname },
  );
  const [main, thread] = stdout.trimEnd().split("\n");
  const [millrace, rxjs, isSame] = JSON.parse(main) as readonly unknown[];
  const place = isVerify ? /packages\/millrace\/src\// : /\.cache\/bundled\//;
  expect(millrace).toMatch(place);
  expect(thread).toMatch(place);
  expect(rxjs).toMatch(/node_modules\/rxjs\//);
  expect(isSame).toBe(true);
});

test("the process that runs tests has them from their files", async () => {
  expect(import.meta.resolve("millrace")).toMatch(/packages\/millrace\/src\/index\.ts$/);
  expect(connect).toBe((await import("../../packages/millrace/src/connect.ts")).connect);
});
