// Everything that must hold on main: formatting, lint and types, beside each other, and then tests.
// `MILLRACE_VERIFY=1` runs every test at full size, and there a skip is a failure; with the name of a part
// (a folder of test/, of packages/ or of examples/, or below one), that part alone.
import { spawn } from "node:child_process";
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

// The compiler is a Go program: a third of its time went into collecting garbage again and again. Tests start it, too.
process.env["GOGC"] ??= "400";

const isVerify = process.env["MILLRACE_VERIFY"] === "1";
const parts = process.argv.slice(2).map(pathOf);
const folder = mkdtempSync(join(tmpdir(), "millrace-check-"));
const report = join(folder, "vitest.json");

const checks: readonly Step[] = [
  { name: "format", command: ["oxfmt", "--check", "."] },
  { name: "lint", command: ["oxlint", "--deny-warnings"] },
  { name: "types", command: ["tsc", "-b", "--checkers", "2"] },
];
const reporters = ["--reporter=default", "--reporter=json", `--outputFile=${report}`];
const testStep: Step = { name: "tests", command: ["vitest", "run", ...reporters, ...parts] };

const started = Date.now();
const passed = parts.length === 0 ? await Promise.all(checks.map(doStep)) : [];
passed.push(await doStep(testStep));
let failed = passed.filter((isPassed) => !isPassed).length;

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

/** Does a step; gives whether it passed. */
async function doStep({ name, command: [file, ...parameters] }: Step): Promise<boolean> {
  const start = Date.now();
  const child = spawn(file, parameters, { stdio: "inherit" });
  const code = await new Promise((resolve, reject) => {
    child.once("exit", resolve).once("error", reject);
  });
  const seconds = ((Date.now() - start) / 1000).toFixed(1);
  console.log(`${name}: ${code === 0 ? "ok" : "FAILED"} (${seconds} s)`);
  return code === 0;
}

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
