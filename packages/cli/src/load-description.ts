import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { messageOf } from "@millrace/model";
import type { TopologyDescription } from "@millrace/streams";

import { UsageError } from "./usage-error.ts";

/**
 * What a file says of a topology: one that `millrace streams describe --json` has written, or a module that exports a
 * topology, a builder, or a function that gives one of them, of the `data` where it takes some. Topologies are known by their methods, since the program may
 * have a Millrace of its own.
 *
 * @throws UsageError
 */
export async function loadDescription(path: string, data: unknown): Promise<TopologyDescription> {
  try {
    const given = path.endsWith(".json")
      ? (JSON.parse(await readFile(path, "utf8")) as unknown)
      : descriptionOf(await exportOf(path, data));
    const { readDescription } = await import("@millrace/streams");
    return readDescription(given);
  } catch (error) {
    const { placeOfMistake } = await import("@millrace/platform/node");
    const place = placeOfMistake(error);
    const [reason] = messageOf(error).split("\n");
    throw new UsageError(`${path}: ${reason}${place === undefined ? "" : ` (at ${place})`}`);
  }
}

async function exportOf(path: string, data: unknown): Promise<unknown> {
  const module = (await import(pathToFileURL(resolve(path)).href)) as {
    readonly default?: unknown;
    readonly topology?: unknown;
  };
  const found = module.topology ?? module.default;
  if (found === undefined)
    throw new Error("it exports no topology; export one by default, or as topology");
  if (typeof found !== "function") return found;
  try {
    return (await found(data)) as unknown;
  } catch (error) {
    if (data !== undefined || found.length === 0) throw error;
    const [reason] = messageOf(error).split("\n");
    throw new Error(`its function takes data, give it by --data JSON: ${reason}`, {
      cause: error,
    });
  }
}

function descriptionOf(given: unknown): unknown {
  if (hasMethod(given, "description")) return given.description();
  if (hasMethod(given, "build")) return descriptionOf(given.build());
  throw new Error("what it exports is no topology; export builder.build(), or the builder");
}

function hasMethod<Name extends string>(
  given: unknown,
  name: Name,
): given is Readonly<Record<Name, () => unknown>> {
  return (
    typeof given === "object" &&
    given !== null &&
    name in given &&
    typeof (given as Readonly<Record<string, unknown>>)[name] === "function"
  );
}
