import type { SchemaRegistryClient, SubjectVersion } from "@millrace/schema-registry";

import { command, type Command } from "../command.ts";
import { numberFlag, switchFlag, textFlag } from "../flags/flag.ts";
import { jsonFlag } from "../flags/json-flag.ts";
import { openRegistry, registryClientFlags } from "../registry-client-flags.ts";
import { schemaFileFlags, schemaOfFile, withImports } from "../schema-files.ts";
import { subjectAndFile, subjectName, versionFlag, versionOf } from "../subject-names.ts";
import { tableLines } from "../terminal/print-table.ts";
import { UsageError } from "../usage-error.ts";
import { checkCommand, diffCommand } from "./compare-schemas.ts";

/** As many schemas are asked for at once. */
const pageSize = 500;

const list = command({
  path: "schemas list",
  summary: "list the subjects of a schema registry, with their latest versions",
  flags: {
    ...registryClientFlags,
    prefix: textFlag({ about: "only subjects that begin so" }),
    versions: switchFlag({ about: "all versions, not only the latest" }),
    deleted: switchFlag({ about: "also what is deleted, but not for good" }),
    json: jsonFlag,
  },
  async run({ flags }, { print, signal }) {
    const registry = await openRegistry(flags);
    const found: SubjectVersion[] = [];
    let isWhole = false;
    while (!isWhole) {
      const page = await registry.schemas({
        latestOnly: !flags.versions,
        deleted: flags.deleted,
        offset: found.length,
        limit: pageSize,
        signal,
        ...(flags.prefix === undefined ? {} : { subjectPrefix: flags.prefix }),
      });
      found.push(...page);
      isWhole = page.length < pageSize;
    }
    if (flags.json) {
      for (const { subject, version, id, schemaType, deleted = false } of found)
        print(JSON.stringify({ subject, version, id, schemaType, deleted }));
      return;
    }
    const rows = found.map(({ subject, version, id, schemaType, deleted }) => {
      return [subject, version, id, schemaType, deleted === true ? "deleted" : ""];
    });
    for (const line of tableLines(["subject", "version", "id", "type", ""], rows)) print(line);
  },
});

const get = command({
  path: "schemas get",
  summary: "print a schema",
  names: "[SUBJECT]",
  flags: {
    ...registryClientFlags,
    version: versionFlag("which version of the subject; default: the latest"),
    id: numberFlag({ about: "or the schema of this id, of no subject" }),
    json: jsonFlag,
  },
  notes: "Prints the schema's text; with --json also what the registry says about it.",
  async run({ flags, names }, { print, signal }) {
    const { id, version = "latest" } = flags;
    if ((id === undefined) === (names.length === 0))
      throw new UsageError("give a SUBJECT or --id, not both");
    const registry = await openRegistry(flags);
    const found =
      id === undefined
        ? await registry.version(subjectName(names), versionOf(version), { signal })
        : await registry.schemaById(id, { signal });
    print(flags.json ? JSON.stringify(found) : found.schema);
  },
});

const register = command({
  path: "schemas register",
  summary: "register the schema of a file, after those that it imports",
  names: "SUBJECT FILE",
  flags: { ...registryClientFlags, ...schemaFileFlags, json: jsonFlag },
  async run({ flags, names }, { print, signal }) {
    const [subject, file] = subjectAndFile(names);
    const { normalize } = flags;
    const found = await schemaOfFile(file, flags);
    const registry = await openRegistry(flags);
    const schema = await withImports(registry, found, { normalize, signal, registers: true });
    const { id } = await registry.register(subject, schema, { normalize, signal });
    const { version } = await registry.lookUp(subject, schema, { normalize, signal });
    print(
      flags.json
        ? JSON.stringify({ subject, version, id })
        : `${subject} version ${version} has id ${id}`,
    );
  },
});

const remove = command({
  path: "schemas delete",
  summary: "delete a subject, or a version of it",
  names: "SUBJECT",
  flags: {
    ...registryClientFlags,
    version: versionFlag("this version alone"),
    permanent: switchFlag({
      about:
        "for good, where it is deleted already: records that were written with it can no more be read",
    }),
  },
  notes: "What is deleted is still found by its id, until it is deleted with --permanent too.",
  async run({ flags, names }, { print, signal }) {
    const subject = subjectName(names);
    const registry = await openRegistry(flags);
    const versions = await deleted(registry, subject, flags, signal);
    const how = flags.permanent ? "deleted for good" : "deleted";
    for (const version of versions) print(`${subject} version ${version} ${how}`);
  },
});

async function deleted(
  registry: SchemaRegistryClient,
  subject: string,
  { version, permanent }: { readonly version: string | undefined; readonly permanent: boolean },
  signal: AbortSignal,
): Promise<readonly number[]> {
  if (version === undefined) return registry.deleteSubject(subject, { permanent, signal });
  return [await registry.deleteVersion(subject, versionOf(version), { permanent, signal })];
}

/** `millrace schemas`: what one does by hand with a schema registry, whoever's it is. */
export const schemasCommands: readonly Command[] = [
  list,
  get,
  register,
  checkCommand,
  diffCommand,
  remove,
];
