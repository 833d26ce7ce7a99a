// Everything that must hold on main, one step after the other: formatting, lint, types, tests.
// `MILLRACE_VERIFY=1` runs every test at full size, and there a skip is a failure; with the name of a part
// (a folder of test/, of packages/ or of examples/, or below one), that part alone.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Step {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly { readonly status: string; readonly name: string }[];
}

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const parts = process.argv.slice(2).map(pathOf);
const folder = mkdtempSync(join(tmpdir(), "millrace-check-"));
const report = join(folder, "vitest.json");

const steps: readonly Step[] = [
  { name: "format", command: ["oxfmt", "--check", "."] },
  { name: "lint", command: ["oxlint", "--deny-warnings"] },
  { name: "types", command: ["tsc", "-b"] },
  {
    name: "tests",
    command: [
      "vitest",
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile=${report}`,
      ...parts,
    ],
  },
];

let failed = 0;
const started = Date.now();
for (const step of parts.length === 0 ? steps : steps.slice(-1)) {
  const start = Date.now();
  const [file, ...parameters] = step.command;
  const { status } = spawnSync(file, parameters, { stdio: "inherit", env: process.env });
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  console.log(`${step.name}: ${status === 0 ? "ok" : "FAILED"} (${seconds} s)`);
  if (status !== 0) failed += 1;
}

const tests = readReport();
failed += tests.numFailedTests + tests.testResults.filter(isBroken).length;
if (isVerify && tests.numPendingTests > 0) {
  console.log(`verify: ${tests.numPendingTests} tests were skipped; here a skip is a failure`);
  failed += tests.numPendingTests;
}
console.log(`took ${((Date.now() - started) / 1000).toFixed(0)} s`);
console.log(`${tests.numPassedTests} passed, ${failed} failed, ${tests.numPendingTests} skipped`);
rmSync(folder, { recursive: true, force: true });
process.exitCode = failed === 0 ? 0 : 1;

/** A file that failed before it had a test. */
function isBroken(file: VitestReport["testResults"][number]): boolean {
  return file.status === "failed" && tests.numFailedTests === 0;
}

function readReport(): VitestReport {
  if (!existsSync(report)) {
    return { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, testResults: [] };
  }
  return JSON.parse(readFileSync(report, "utf8")) as VitestReport;
}

/** The folder of a part. */
function pathOf(name: string): string {
  const folders = ["test", "packages", "examples"];
  const found = folders.find((folder) => existsSync(join(folder, name)));
  if (found !== undefined) return `${found}/${name}/`;
  const known = folders.flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && entry.name !== "node_modules")
      .map((entry) => entry.name),
  );
  console.error(`there is no part "${name}"; there are ${known.toSorted().join(", ")}`);
  process.exit(2);
}
