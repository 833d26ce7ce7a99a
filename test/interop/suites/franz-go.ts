import { chmodSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { cacheFolder, prepare, runSuite } from "../run-suite.ts";
import type { Outcome, Outcomes, Suite, Target } from "./suite.ts";
import { user } from "./targets.ts";

const version = "v1.22.3";
const timeoutMs = 600_000;
/** What a test calls, itself or through others, if it talks to a broker. */
const broker = /\b(newTestClient|testClientOpts|adm|getSeedBrokers|scramSeeds|oauthSeeds)\b/;

/** The tests of `kgo` that talk to a broker; where a test has parts, they are what counts. */
export const franzGo: Suite = {
  name: "franz-go",
  title: `franz-go \`kgo\` ${version.slice(1)}`,
  program: "go",
  properties: {},
  timeoutMs,
  async run(target, only) {
    const sources = await copyOfModule();
    try {
      return await runIn(sources, target, only);
    } finally {
      rmSync(sources, { recursive: true, force: true });
    }
  },
};

async function runIn(
  sources: string,
  target: Target,
  only: readonly string[] | undefined,
): Promise<Outcomes> {
  const chosen = only?.map((name) => name.split("/")[0]) ?? testsThatAskABroker(sources);
  const pattern = `^(${[...new Set(chosen)].join("|")})$`;
  const env = {
    KGO_SEEDS: target.address,
    KGO_TEST_RF: "1",
    KGO_TEST_RECORDS: "20000",
    KGO_TEST_UNSAFE: "1",
    KGO_TEST_SCRAM: `${user.name}:${user.password}`,
    KGO_TEST_SCRAM_SEEDS: target.saslAddress,
    KGO_TEST_OAUTH_SEEDS: target.saslAddress,
    KGO_LOG_LEVEL: "none",
  };
  const parameters = ["test", "./pkg/kgo", "-run", pattern, "-count=1", "-timeout=9m", "-v"];
  const { output } = await runSuite("go", parameters, { cwd: sources, env, timeoutMs });
  return outcomesOf(output);
}

const words: Readonly<Record<string, Outcome>> = {
  PASS: "passed",
  FAIL: "failed",
  SKIP: "skipped",
};

/** Each line tells of one test; those of parts come after that of their whole. */
function outcomesOf(output: string): Outcomes {
  const all = [...output.matchAll(/^ *--- (PASS|FAIL|SKIP): (\S+) \(/gm)];
  const names = all.map(([, , name]) => name);
  const lines = all.filter(([, , name]) => !names.some((other) => other.startsWith(`${name}/`)));
  return new Map(lines.map(([, word, name]) => [name, words[word]]));
}

/** A test of a unit says nothing about the broker. */
function testsThatAskABroker(sources: string): readonly string[] {
  const bodies = new Map<string, string>();
  const folder = join(sources, "pkg/kgo");
  for (const file of readdirSync(folder).filter((name) => name.endsWith("_test.go"))) {
    const text = readFileSync(join(folder, file), "utf8");
    for (const [, name, body] of text.matchAll(/^func (?:\([^)]*\) )?(\w+)(.*?\n)\}$/gms))
      bodies.set(name, body);
  }
  const asking = new Set<string>();
  const asks = (body: string): boolean =>
    broker.test(body) || [...asking].some((name) => new RegExp(`\\b${name}\\(`).test(body));
  for (let before = -1; before < asking.size;) {
    before = asking.size;
    for (const [name, body] of bodies) if (asks(body)) asking.add(name);
  }
  return [...asking].filter((name) => name.startsWith("Test")).toSorted();
}

/** The module with its tests, as the module proxy has it, where it can be built. */
async function copyOfModule(): Promise<string> {
  const name = `github.com/twmb/franz-go@${version}`;
  const downloaded = await prepare("go", ["mod", "download", "-json", name], {
    cwd: cacheFolder("franz-go"),
    timeoutMs,
  });
  // Written by the go command.
  const { Dir } = JSON.parse(downloaded) as { readonly Dir: string };
  const folder = mkdtempSync(join(tmpdir(), "millrace-franz-go-"));
  cpSync(Dir, folder, { recursive: true });
  makeWritable(folder);
  return folder;
}

/** The proxy's files are read-only, folders too. */
function makeWritable(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) makeWritable(join(folder, entry.name));
  }
}
