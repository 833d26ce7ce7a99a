import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { cacheFolder, prepare } from "../../interop/run-suite.ts";
import type { SchemaPair } from "./generate-pairs.ts";

/** What Apache Avro says of a pair. */
export interface JudgedPair extends SchemaPair {
  /** It takes one of the schemas for none; the rest is absent then. */
  readonly refused?: string;
  readonly problems: readonly { readonly kind: string; readonly path: string }[];
  /** The writer's schema as it is printed, and its 64-bit fingerprint in hex. */
  readonly printed: string;
  readonly fingerprint: string;
  /** One for each value. */
  readonly answers: readonly { readonly value?: unknown; readonly error?: string }[];
}

const folder = fileURLToPath(new URL("java", import.meta.url));
const timeoutMs = 600_000;

/** Asks Apache Avro's Java library, which comes from Maven Central once. */
export async function judgePairs(pairs: readonly SchemaPair[]): Promise<readonly JudgedPair[]> {
  const library = cacheFolder("avro-1.12.1");
  if (!readdirSync(library).some((name) => name.startsWith("avro-"))) {
    const goal = ["-q", "-B", "dependency:copy-dependencies", `-DoutputDirectory=${library}`];
    await prepare("mvn", [...goal, "-f", join(folder, "pom.xml")], { timeoutMs });
  }
  const place = mkdtempSync(join(tmpdir(), "millrace-avro-"));
  try {
    const answers = join(place, "answers.jsonl");
    const input = pairs.map((pair) => JSON.stringify(pair)).join("\n");
    await runJava(["-cp", `${library}/*`, join(folder, "AvroPairs.java"), answers], input);
    return readPairs(readFileSync(answers, "utf8"));
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

export function readPairs(text: string): readonly JudgedPair[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as JudgedPair);
}

function runJava(parameters: readonly string[], input: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("java", parameters, { stdio: ["pipe", "ignore", "pipe"] });
    let errors = "";
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`java ended with ${code}: ${errors.slice(-2000)}`));
    });
    child.stdin.end(input);
  });
}
