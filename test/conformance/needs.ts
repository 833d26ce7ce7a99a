import { asList, asObject, asText, type JsonObject, type Program } from "./program.ts";
import {
  unsupportedConfigs,
  unsupportedOnTables,
  unsupportedOperators,
  unsupportedStores,
  unsupportedWindows,
} from "./unsupported.ts";

/** The first thing on the list of unsupported ones that a program needs; undefined if it needs none. */
export function unsupportedNeed({ config = {}, program }: Program): string | undefined {
  const setting = Object.keys(config).find((name) => unsupportedConfigs.includes(name));
  if (setting !== undefined) return setting;
  const tables = new Set<string>();
  for (const statement of program) {
    const need = needOf(statement, tables);
    if (need !== undefined) return need;
    const makesTable = ["table", "count", "reduce", "aggregate"].includes(asText(statement["op"]));
    if (makesTable && statement["let"] !== undefined) tables.add(asText(statement["let"]));
  }
  return undefined;
}

function needOf(statement: JsonObject, tables: ReadonlySet<string>): string | undefined {
  const op = asText(statement["op"]);
  if (unsupportedOperators.includes(op)) return op;
  const { type } = asObject(statement["store"]);
  if (type !== undefined && unsupportedStores.includes(asText(type))) return asText(type);
  const { kind } = asObject(statement["window"]);
  if (kind !== undefined && unsupportedWindows.includes(asText(kind))) return asText(kind);
  const on = statement["on"];
  const isOnTable =
    on !== undefined && asList(on).length === 0 && tables.has(asText(on)) && op !== "toStream";
  return isOnTable ? unsupportedOnTables : undefined;
}
