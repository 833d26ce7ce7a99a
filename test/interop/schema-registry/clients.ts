import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { cacheFolder, prepare, runSuite } from "../run-suite.ts";
import type { Answer, Step, StepProgram } from "./steps.ts";

const timeoutMs = 300_000;
const versions = {
  kafkajs: "@kafkajs/confluent-schema-registry@4.1.0",
  confluent: "@confluentinc/schemaregistry@1.10.1",
  python: "confluent-kafka[avro,json,protobuf,schemaregistry]==2.16.1",
};

/** Another client of schema registries, as it is published. */
export interface OtherClient {
  readonly name: string;
  run(url: string, steps: readonly Step[]): Promise<readonly Answer[]>;
}

/** A file of messages that all clients write the first of: `shop.Order`, with `id` and `n`. */
export const protobufText = `syntax = "proto3";
package shop;

message Order {
  string id = 1;
  int32 n = 2;
}
`;
const descriptor =
  "CgtvcmRlci5wcm90bxIEc2hvcCIlCgVPcmRlchIOCgJpZBgBIAEoCVICaWQSDAoBbhgCIAEoBVIBbmIGcHJvdG8z";

/** Installs what is missing into a cache that stays. */
export async function otherClients(): Promise<readonly OtherClient[]> {
  const cache = cacheFolder("schema-registry-clients");
  const python = join(cache, "py", "bin", "python");
  if (!existsSync(join(cache, "installed"))) {
    writeFileSync(join(cache, "package.json"), '{"private":true}');
    const packages = [versions.kafkajs, versions.confluent];
    await prepare("npm", ["install", "--no-audit", "--no-fund", "--silent", ...packages], {
      cwd: cache,
      timeoutMs,
    });
    await prepare("python3", ["-m", "venv", join(cache, "py")], { timeoutMs });
    await prepare(python, ["-m", "pip", "install", "--quiet", versions.python], { timeoutMs });
    writeFileSync(join(cache, "installed"), "");
  }
  const client = (name: string, command: string, file: string): OtherClient => ({
    name,
    async run(url, steps) {
      const program: StepProgram = { url, cache, steps, descriptor };
      const path = fileURLToPath(new URL(file, import.meta.url));
      const { exitCode, output } = await runSuite(command, [path, JSON.stringify(program)], {
        timeoutMs,
      });
      if (exitCode !== 0) throw new Error(`${name}: ${output.slice(-3000)}`);
      const lines = output.trimEnd().split("\n");
      return JSON.parse(lines[lines.length - 1]) as readonly Answer[]; // printed by our program
    },
  });
  return [
    client("@kafkajs/confluent-schema-registry", process.execPath, "kafkajs-steps.ts"),
    client("@confluentinc/schemaregistry", process.execPath, "confluent-steps.ts"),
    client("confluent-kafka", python, "confluent_kafka_steps.py"),
  ];
}
