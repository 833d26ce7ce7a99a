// Steps by @kafkajs/confluent-schema-registry, unmodified.
import { createRequire } from "node:module";
import { join } from "node:path";

import type { Step, StepProgram, StepSchema } from "./steps.ts";
import { runSteps } from "./run-steps.ts";

/** What of the client is used. */
interface KafkajsRegistry {
  register(
    schema: { readonly type: string; readonly schema: string; readonly references?: unknown },
    options: { readonly subject: string },
  ): Promise<{ readonly id: number }>;
  getSchema(id: number): Promise<unknown>;
  getLatestSchemaId(subject: string): Promise<number>;
  getRegistryId(subject: string, version: number): Promise<number>;
  getRegistryIdBySchema(subject: string, schema: unknown): Promise<number>;
  encode(id: number, value: unknown): Promise<Buffer>;
  decode(bytes: Buffer): Promise<unknown>;
}

const program = JSON.parse(process.argv[2]) as StepProgram; // written by the test
const require = createRequire(join(program.cache, "package.json"));
const { SchemaRegistry } = require("@kafkajs/confluent-schema-registry") as {
  readonly SchemaRegistry: new (options: object) => KafkajsRegistry;
};
const registry = new SchemaRegistry({ host: program.url, retry: { retries: 0 } });

const given = ({ schemaType: type, schema, references }: StepSchema) => ({
  type,
  schema,
  ...(references === undefined ? {} : { references }),
});

async function perform(step: Step): Promise<unknown> {
  switch (step.do) {
    case "register":
      return (await registry.register(given(step.schema), { subject: step.subject })).id;
    case "byId":
      return (await registry.getSchema(step.id)) !== undefined;
    case "latest":
      return registry.getLatestSchemaId(step.subject);
    case "version":
      return registry.getRegistryId(step.subject, step.version);
    case "lookUp":
      return registry.getRegistryIdBySchema(step.subject, given(step.schema));
    case "write": {
      const id = await registry.getLatestSchemaId(`${step.topic}-value`);
      return (await registry.encode(id, step.value)).toString("hex");
    }
    case "read":
      return registry.decode(Buffer.from(step.hex, "hex"));
    case "delete":
      throw new Error("this client deletes nothing");
  }
}

await runSteps(program.steps, perform, (error) => {
  const { status } = error as { readonly status?: number };
  return status === undefined ? undefined : { status };
});
