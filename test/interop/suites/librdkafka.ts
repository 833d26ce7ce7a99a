import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";

import { cacheFolder, prepare, runSuite } from "../run-suite.ts";
import { writeKafkaScripts } from "./kafka-scripts.ts";
import type { Outcome, Outcomes, SignIn, Suite, Target } from "./suite.ts";
import { user } from "./targets.ts";

/** Of Confluent's client for Node, whose package carries the sources, and of what lies in it. */
const packageVersion = "1.10.1";
export const librdkafkaVersion = "2.15.1";
const timeoutMs = 2_400_000;
/** Of one test. */
const testTimeoutMs = 240_000;
const parallelCount = 4;
const settingsFile = "test.conf";

/** Its tests that need a broker, in their quick form; those with known issues of its own are left out. */
export const librdkafka: Suite = suiteOf("librdkafka", `librdkafka ${librdkafkaVersion}`);

/** The same, whose clients sign in over TLS. */
export const secureLibrdkafka: Suite = suiteOf(
  "librdkafka-secure",
  `librdkafka ${librdkafkaVersion} by SASL_SSL, SCRAM-SHA-512`,
  { protocol: "SASL_SSL", mechanism: "SCRAM-SHA-512" },
);

function suiteOf(name: string, title: string, signIn?: SignIn): Suite {
  return {
    name,
    title,
    program: "gcc",
    ...(signIn && { signIn }),
    // Rules that deny something to everybody are made by its tests.
    properties: {
      "super.users": "User:root",
      "allow.everyone.if.no.acl.found": "true",
      "num.partitions": 4,
    },
    timeoutMs,
    async run(target, only) {
      const sources = await buildLibrdkafka();
      const folder = mkdtempSync(join(tmpdir(), "millrace-librdkafka-"));
      try {
        const settings = [...settingsOf(target), ...securityOf(target, signIn)];
        writeFileSync(join(folder, settingsFile), `${settings.join("\n")}\n`);
        return await runIn({ sources, folder }, target, only);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

function settingsOf({ address }: Target): readonly string[] {
  return [`metadata.broker.list=${address}`, "test.topic.random=true"];
}

function securityOf({ authorityFile }: Target, signIn: SignIn | undefined): readonly string[] {
  if (signIn === undefined) return [];
  return [
    `security.protocol=${signIn.protocol}`,
    `sasl.mechanism=${signIn.mechanism}`,
    `sasl.username=${user.name}`,
    `sasl.password=${user.password}`,
    `ssl.ca.location=${authorityFile}`,
  ];
}

interface Places {
  readonly sources: string;
  readonly folder: string;
}

async function runIn(
  places: Places,
  target: Target,
  only: readonly string[] | undefined,
): Promise<Outcomes> {
  writeKafkaScripts(places.folder);
  const waiting = [...(only ?? testsThatNeedABroker(places.sources))];
  const outcomes = new Map<string, Outcome>();
  const runSome = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift())
      outcomes.set(name, await runOne(places, target, name));
  };
  await Promise.all(Array.from({ length: parallelCount }, runSome));
  return outcomes;
}

/** Each has a process of its own: some end theirs. */
async function runOne({ sources, folder }: Places, target: Target, name: string): Promise<Outcome> {
  const env = {
    LD_LIBRARY_PATH: `${join(sources, "src")}:${join(sources, "src-cpp")}`,
    RDKAFKA_TEST_CONF: join(folder, settingsFile),
    TEST_KAFKA_VERSION: "4.3.1",
    KAFKA_PATH: folder,
    // What it has Kafka's commands do is no client of its own.
    BROKERS: target.plainAddress,
    TESTS: name,
  };
  const { output } = await runSuite("./test-runner", ["-L", "-K", "-Q", "-p1"], {
    cwd: join(sources, "tests"),
    env,
    timeoutMs: testTimeoutMs,
  });
  const row = new RegExp(`^\\| *${name} *\\| *(PASSED|SKIPPED) *\\|`, "m");
  const [, word] = row.exec(stripVTControlCharacters(output)) ?? [];
  return word === "PASSED" ? "passed" : word === "SKIPPED" ? "skipped" : "failed";
}

/** By the table in its sources: the others bring a mock along, are run by hand, or need another set-up. */
function testsThatNeedABroker(sources: string): readonly string[] {
  const table = readFileSync(join(sources, "tests", "test.c"), "utf8");
  const rows = [...table.matchAll(/^ {4}_TEST\((\w+),([^;]*?)\),\n/gms)];
  return rows
    .filter(([, , flags]) => !/TEST_F_LOCAL|TEST_F_MANUAL|"noautocreate"/.test(flags))
    .map(([, name]) => name);
}

/** The sources with what is built in them, once for all runs. */
export async function buildLibrdkafka(): Promise<string> {
  const cache = cacheFolder(`librdkafka-${packageVersion}`);
  const sources = join(cache, "package", "deps", "librdkafka");
  if (existsSync(join(cache, "built"))) return sources;
  const name = `@confluentinc/kafka-javascript@${packageVersion}`;
  const archive = await prepare("npm", ["pack", "--silent", name], { cwd: cache, timeoutMs });
  await prepare("tar", ["-xzf", archive.trim()], { cwd: cache, timeoutMs });
  const inSources = { cwd: sources, timeoutMs };
  await prepare("sh", ["configure", "--disable-gssapi", "--disable-curl"], inSources);
  await prepare("make", ["-j2", "libs"], inSources);
  await prepare("make", ["-j2", "build"], { cwd: join(sources, "tests"), timeoutMs });
  writeFileSync(join(cache, "built"), "");
  return sources;
}
