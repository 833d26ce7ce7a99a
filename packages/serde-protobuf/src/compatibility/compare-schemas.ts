import type { SchemaDifference } from "@millrace/schema-registry";

import type { NameScope } from "../schema/name-scope.ts";
import type { ProtoFile } from "../schema/proto-file.ts";
import { compareMessages, compareTypes } from "./compare-messages.ts";
import type { Sides } from "./comparison.ts";
import { DifferenceLog } from "./difference-log.ts";

export interface ComparedSchema {
  readonly file: ProtoFile;
  readonly names: NameScope;
}

/** What a reader of one schema meets in what another wrote, by the kinds and paths of Confluent's checker. */
export function compareSchemas({
  writer,
  reader,
}: Sides<ComparedSchema>): readonly SchemaDifference[] {
  const log = new DifferenceLog();
  if (writer.file.packageName !== reader.file.packageName) log.add("PACKAGE_CHANGED", []);
  compareTypes(
    { log, underWay: new Set(), named: new Map(), compareMessages },
    { writer: writer.file.types, reader: reader.file.types },
    {
      writerNames: writer.names,
      readerNames: reader.names,
      writerScope: writer.file.packageName,
      readerScope: reader.file.packageName,
      path: [],
    },
  );
  return log.found;
}
