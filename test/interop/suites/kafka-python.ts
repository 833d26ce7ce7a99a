import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { cacheFolder, prepare, runSuite } from "../run-suite.ts";
import type { Outcome, Outcomes, SignIn, Suite, Target } from "./suite.ts";
import { user } from "./targets.ts";

const version = "3.0.12";
const timeoutMs = 600_000;
const pluginName = "sign_in";
const files = ["admin", "consumer", "producer"].map(
  (name) => `test/integration/test_${name}_integration.py`,
);

/** Its integration tests, but for those that start a broker of their own. */
export const kafkaPython: Suite = suiteOf("kafka-python", `kafka-python ${version}`);

const signIns: readonly SignIn[] = [
  { protocol: "SASL_SSL", mechanism: "SCRAM-SHA-512" },
  { protocol: "SASL_SSL", mechanism: "PLAIN" },
  { protocol: "SASL_PLAINTEXT", mechanism: "SCRAM-SHA-256" },
];

/** The same, whose clients sign in. */
export const secureKafkaPython: readonly Suite[] = signIns.map((signIn) =>
  suiteOf(
    `kafka-python-${signIn.mechanism.toLowerCase()}`,
    `kafka-python ${version} by ${signIn.protocol}, ${signIn.mechanism}`,
    signIn,
  ),
);

function suiteOf(name: string, title: string, signIn?: SignIn): Suite {
  return {
    name,
    title,
    program: "python3",
    ...(signIn && { signIn }),
    properties: { "num.partitions": 4, "group.min.session.timeout.ms": 100 },
    timeoutMs,
    async run(target, only) {
      const python = await environment();
      const sources = await unpackSources(python);
      try {
        const access = signIn && { signIn, authorityFile: target.authorityFile };
        const plugin = join(sources, `${pluginName}.py`);
        writeFileSync(plugin, access === undefined ? "" : signingIn(access));
        return await runIn({ python, sources }, target, only);
      } finally {
        rmSync(sources, { recursive: true, force: true });
      }
    },
  };
}

async function runIn(
  { python, sources }: { readonly python: string; readonly sources: string },
  target: Target,
  only: readonly string[] = [],
): Promise<Outcomes> {
  const env = { KAFKA_URI: `kafka://${target.address}`, KAFKA_VERSION: "4.0.0" };
  const plugins = ["-p", "no:warnings", "-p", pluginName];
  const options = ["-m", "pytest", "-q", "-rA", ...plugins, "--timeout=60"];
  const chosen = only.length === 0 ? [] : ["-k", only.map(functionOf).join(" or ")];
  const parameters = [...options, ...chosen, ...files];
  const { output } = await runSuite(python, parameters, { cwd: sources, env, timeoutMs });
  const ends = output.matchAll(/^(PASSED|FAILED|ERROR) \S+::(\w+(?:\[[^\]]*\])?)/gm);
  return new Map([...ends].map(([, word, name]) => [name, outcomeOf(word)]));
}

/** Its fixture of a broker that runs elsewhere knows how to sign in, and is not asked to: this asks it. */
function signingIn({
  signIn: { protocol, mechanism },
  authorityFile,
}: {
  readonly signIn: SignIn;
  readonly authorityFile: string;
}): string {
  return [
    "import os",
    "from test.integration.fixtures import KafkaFixture",
    `KafkaFixture.broker_user = "${user.name}"`,
    `KafkaFixture.broker_password = "${user.password}"`,
    "begin = KafkaFixture.__init__",
    "def begin_secure(self, *given, **named):",
    `    named.update(transport="${protocol}", sasl_mechanism="${mechanism}")`,
    "    begin(self, *given, **named)",
    `    self.ssl_dir = "${dirname(authorityFile)}"`,
    "KafkaFixture.__init__ = begin_secure",
    "",
  ].join("\n");
}

function functionOf(test: string): string {
  return test.replace(/\[.*/, "");
}

function outcomeOf(word: string): Outcome {
  return word === "PASSED" ? "passed" : "failed";
}

/** An interpreter with the client and pytest. */
async function environment(): Promise<string> {
  const folder = join(cacheFolder("kafka-python"), version);
  const python = join(folder, "bin", "python");
  const done = join(folder, "installed");
  if (existsSync(done)) return python;
  await prepare("python3", ["-m", "venv", folder], { timeoutMs });
  const packages = [`kafka-python==${version}`, "pytest==9.2.0", "pytest-timeout==2.4.0"];
  const codecs = ["crc32c", "lz4", "python-snappy", "zstandard"];
  const install = ["-m", "pip", "install", "--quiet", ...packages, ...codecs];
  await prepare(python, install, { timeoutMs });
  writeFileSync(done, "");
  return python;
}

/** The sources as they are published, with the little that their tests miss there. */
async function unpackSources(python: string): Promise<string> {
  const cache = cacheFolder("kafka-python");
  const archive = join(cache, `kafka_python-${version}.tar.gz`);
  if (!existsSync(archive)) {
    const name = `kafka-python==${version}`;
    const download = ["-m", "pip", "download", "--quiet", "--no-deps", "--no-binary=:all:", name];
    await prepare(python, [...download, "-d", cache], { timeoutMs });
  }
  const folder = mkdtempSync(join(tmpdir(), "millrace-kafka-python-"));
  await prepare("tar", ["-xzf", archive, "-C", folder, "--strip-components=1"], { timeoutMs });
  writeFileSync(join(folder, "test", "__init__.py"), "");
  // A broker that runs elsewhere is not started and stopped by the suite.
  writeFileSync(
    join(folder, "test", "service.py"),
    [
      "class ExternalService:",
      "    def __init__(self, host, port):",
      "        self.host, self.port = host, port",
      "    def open(self):",
      "        pass",
      "    def close(self):",
      "        pass",
      "class SpawnedService:",
      "    pass",
      "",
    ].join("\n"),
  );
  mkdirSync(join(folder, "servers", "4.0.0", "kafka-bin"), { recursive: true });
  return folder;
}
