import {
  OptionError,
  readOptions,
  type OptionRows,
  type OptionTable,
  type ReadOptions,
} from "@millrace/model";
import { registrySerdeOptionTable, type RegistrySerdeOptions } from "./registry-serde-options.ts";

export interface ReadSerdeOptions<Rows extends OptionRows> {
  /** Of the format. */
  readonly settings: ReadOptions<Rows>;
  /** For `registrySerde`; undefined where no registry is given. */
  readonly registry: RegistrySerdeOptions | undefined;
}

/**
 * What a serde of a format is given: its own options, and, with a registry, those that all serdes with one take.
 *
 * @param schema of the program; undefined: those of the registry alone
 * @throws OptionError; also for an option that nothing would make use of
 */
export function readSerdeOptions<Rows extends OptionRows>(
  table: OptionTable<Rows>,
  given: object,
  schema: unknown,
): ReadSerdeOptions<Rows> {
  refuseFileName(table.entry, schema);
  const shared = registrySerdeOptionTable.rows;
  if (schema === undefined && "references" in given && given.references !== undefined)
    throw new OptionError(
      "INVALID_OPTION",
      `${table.entry}: references are those of a schema, and none is given; the registry has those of its own`,
    );
  const options = Object.entries(given).filter(([, value]) => value !== undefined);
  const registrys = options.filter(([name]) => Object.hasOwn(shared, name));
  if (registrys.some(([name]) => name === "registry")) {
    // A name that is unknown is told with all that are not.
    const both: OptionTable<Rows> = { ...table, rows: { ...shared, ...table.rows } };
    const settings = readOptions(both, Object.fromEntries(options));
    const registry = Object.fromEntries(registrys) as unknown as RegistrySerdeOptions; // read by registrySerde
    return { settings, registry };
  }
  if (registrys.length > 0)
    throw new OptionError(
      "INVALID_OPTION",
      `${table.entry}: ${registrys[0][0]} is for schemas of a registry, and none is given; give registry, or leave it out`,
    );
  return { settings: readOptions(table, given), registry: undefined };
}

function refuseFileName(entry: string, schema: unknown): void {
  if (typeof schema !== "string" || !/^[^\s{}"';]+\.(avsc|avdl|proto|json)$/.test(schema)) return;
  throw new OptionError(
    "INVALID_OPTION",
    `${entry} takes the schema itself, and "${schema}" is the name of a file; give readFileSync("${schema}", "utf8")`,
  );
}
