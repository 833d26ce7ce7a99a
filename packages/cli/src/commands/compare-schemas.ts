import {
  resolveReferences,
  type CompatibilityPolicy,
  type NewSchema,
  type ParsedSchema,
  type SchemaDifference,
  type SchemaRegistryClient,
  type SchemaType,
} from "@millrace/schema-registry";

import { CommandError } from "../command-error.ts";
import { command } from "../command.ts";
import { jsonFlag } from "../flags/json-flag.ts";
import { openRegistry, registryClientFlags } from "../registry-client-flags.ts";
import {
  schemaFileFlags,
  schemaOfFile,
  withImports,
  type FileSchema,
  type SchemaFileFlags,
} from "../schema-files.ts";
import { resolvedImports } from "../schema-imports.ts";
import { changeText, schemaChanges } from "../schema-changes.ts";
import { loadFormat } from "../schema-formats.ts";
import { subjectAndFile, versionFlag, versionOf } from "../subject-names.ts";
import { UsageError } from "../usage-error.ts";

/** `millrace schemas check`: asks the registry, whose level of compatibility counts. */
export const checkCommand = command({
  path: "schemas check",
  summary: "tell whether a subject would take the schema of a file, and what it would break",
  names: "SUBJECT FILE",
  flags: {
    ...registryClientFlags,
    ...schemaFileFlags,
    version: versionFlag("against this version alone; default: as the subject's level asks for"),
    json: jsonFlag,
  },
  notes: "Nothing is registered. The exit code is 1 where it would break.",
  async run({ flags, names }, { print, signal }) {
    const [subject, file] = subjectAndFile(names);
    const { normalize } = flags;
    const found = await schemaOfFile(file, flags);
    const registry = await openRegistry(flags);
    const schema = await withImports(registry, found, { normalize, signal, registers: false });
    const { isCompatible, messages } = await registry.testCompatibility(subject, schema, {
      normalize,
      signal,
      ...(flags.version === undefined ? {} : { version: versionOf(flags.version) }),
    });
    if (flags.json) print(JSON.stringify({ subject, isCompatible, messages }));
    else for (const line of breakingLines(messages)) print(line);
    if (!isCompatible) throw new CommandError(`${subject} would not take ${file}`);
    if (!flags.json) print(`${subject} would take ${file}`);
  },
});

/** What breaks, as registries tell it; what they tell besides, such as the older schema, is left out where that is known. */
function breakingLines(messages: readonly string[]): readonly string[] {
  const told = messages.flatMap((message) => {
    const found =
      /errorType:['"](\w+)['"], *description:['"](.*?)['"](?:, *additionalInfo:|'?\})/s.exec(
        message,
      );
    return found === null ? [] : [`! ${found[2]} (${found[1]})`];
  });
  return told.length > 0 ? told : messages;
}

/** `millrace schemas diff`: compares by itself, whatever the level. */
export const diffCommand = command({
  path: "schemas diff",
  summary: "tell what changed between two versions of a subject, or from the latest to a file",
  names: "SUBJECT [FILE]",
  flags: {
    ...registryClientFlags,
    ...schemaFileFlags,
    from: versionFlag(
      "the older version; default: the one before the newer, with a FILE the latest",
    ),
    to: versionFlag("the newer version; default: the latest"),
    json: jsonFlag,
  },
  notes:
    "Tells all that changed, and what a reader of the newer schema finds in what was written with the older one, and the other way round.\n" +
    "Lines that begin with ! break it.",
  async run({ flags, names }, { print, signal }) {
    if (names.length < 1 || names.length > 2)
      throw new UsageError("give a SUBJECT, and perhaps a FILE");
    const [subject, file] = names;
    if (file !== undefined && flags.to !== undefined)
      throw new UsageError("--to does not go with a FILE");
    const registry = await openRegistry(flags);
    const pair = await pairOf(registry, { subject, file, ...flags }, signal);
    const [older, newer] = await Promise.all([
      parsed(registry, pair.older),
      parsed(registry, pair.newer),
    ]);
    const { compatibilityPolicy: policy = "STRICT" } = await registry.config({ subject, signal });
    const backward = differences(newer, older, policy);
    const forward = differences(older, newer, policy);
    const changes = await schemaChanges(older, newer);
    if (flags.json) {
      print(
        JSON.stringify({ from: pair.older.name, to: pair.newer.name, changes, backward, forward }),
      );
      return;
    }
    print(`from ${pair.older.name} to ${pair.newer.name}:`);
    for (const change of changes) print(`  ${changeText(change)}`);
    if (changes.length === 0) print("  nothing is changed");
    print(`a reader of ${pair.newer.name}, of what was written with ${pair.older.name}:`);
    for (const line of linesOf(backward)) print(line);
    print(`a reader of ${pair.older.name}, of what was written with ${pair.newer.name}:`);
    for (const line of linesOf(forward)) print(line);
  },
});

interface Compared extends NewSchema, Partial<Pick<FileSchema, "imports">> {
  readonly name: string;
}

interface Asked extends SchemaFileFlags {
  readonly subject: string;
  readonly file: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
}

async function pairOf(
  registry: SchemaRegistryClient,
  asked: Asked,
  signal: AbortSignal,
): Promise<{ readonly older: Compared; readonly newer: Compared }> {
  const { subject, file, from, to = "latest" } = asked;
  const version = async (which: number | "latest"): Promise<Compared & { version: number }> => {
    const found = await registry.version(subject, which, { signal });
    return { ...found, name: `version ${found.version}` };
  };
  if (file !== undefined) {
    const newer = { ...(await schemaOfFile(file, asked)), name: file };
    return { older: await version(from === undefined ? "latest" : versionOf(from)), newer };
  }
  const newer = await version(versionOf(to));
  if (from !== undefined) return { older: await version(versionOf(from)), newer };
  // Numbers of deleted versions are missing.
  const all = await registry.versions(subject, { signal });
  const before = Math.max(0, ...all.filter((one) => one < newer.version));
  if (before === 0)
    throw new CommandError(`${subject} has no version before version ${newer.version}`);
  return { older: await version(before), newer };
}

async function parsed(registry: SchemaRegistryClient, schema: Compared): Promise<ParsedSchema> {
  const { schemaType = "AVRO" satisfies SchemaType, references = [], imports = [] } = schema;
  const format = await loadFormat(schemaType);
  const resolved = await resolveReferences(registry, references);
  const all = [...resolved, ...resolvedImports(imports)];
  return format.parse(schema.schema, all, { isNew: false });
}

function differences(
  reader: ParsedSchema,
  writer: ParsedSchema,
  policy: CompatibilityPolicy,
): readonly SchemaDifference[] {
  if (reader.schemaType === writer.schemaType) return reader.differencesFrom(writer, policy);
  throw new CommandError(
    `one is a schema of ${writer.schemaType}, the other of ${reader.schemaType}: they cannot be compared`,
  );
}

function linesOf(all: readonly SchemaDifference[]): readonly string[] {
  if (all.length === 0) return ["  nothing is unlike"];
  return all.map(
    ({ kind, path, message, isAllowed }) =>
      `${isAllowed ? " " : "!"} ${message}${message.includes(`(${kind})`) ? "" : ` (${kind}${message.includes(path) ? "" : ` at ${path}`})`}`,
  );
}
