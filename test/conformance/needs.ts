import { asObject, asText, type JsonObject, type Program } from "./program.ts";
import {
  unsupportedConfigs,
  unsupportedJoins,
  unsupportedOperators,
  unsupportedStores,
  unsupportedWindows,
} from "./unsupported.ts";

/** The first thing on the list of unsupported ones that a program needs; undefined if it needs none. */
export function unsupportedNeed({ config = {}, program, steps }: Program): string | undefined {
  const setting = Object.keys(config).find((name) => unsupportedConfigs.includes(name));
  if (setting !== undefined) return setting;
  const usesRocksdb = (statement: JsonObject): boolean =>
    asObject(statement["store"])["type"] === "rocksdb";
  const emitsOnClose = program.some((statement) => statement["emit"] === "close");
  if (emitsOnClose && (config["stores"] === "rocksdb" || program.some(usesRocksdb)))
    return "emit on close from RocksDB";
  const hasHeaders = steps.some((step) => step["headers"] !== undefined);
  for (const statement of program) {
    if (hasHeaders && statement["foreignKey"] !== undefined) return "headers of subscriptions";
    if (Number(asObject(statement["until"])["limit"]) < 0) return "a negative limit of suppress";
    const need = needOf(statement) ?? needOfJoin(statement);
    if (need !== undefined) return need;
  }
  return undefined;
}

function needOf(statement: JsonObject): string | undefined {
  const op = asText(statement["op"]);
  if (unsupportedOperators.includes(op)) return op;
  const { type } = asObject(statement["store"]);
  if (type !== undefined && unsupportedStores.includes(asText(type))) return asText(type);
  const { kind } = asObject(statement["window"]);
  if (kind !== undefined && unsupportedWindows.includes(asText(kind))) return asText(kind);
  return undefined;
}

const joins = new Set(["join", "leftJoin", "outerJoin"]);

/** Which kind of join it is shows in its fields. */
function needOfJoin(statement: JsonObject): string | undefined {
  if (!joins.has(asText(statement["op"]))) return undefined;
  const field = unsupportedJoins.find((name) => statement[name] !== undefined);
  return field === undefined ? undefined : `${asText(statement["op"])} with ${field}`;
}
