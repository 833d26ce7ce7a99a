import { shown } from "@millrace/model";
import type { SerdePart } from "@millrace/serde";
import { RegistrySerdeError } from "./registry-serde-error.ts";

/** What a subject may be named by. */
export interface SubjectNameParts {
  readonly topic: string;
  readonly part: SerdePart;
  /** The full name of what is written; undefined where the schema has none, and where it is only read. */
  readonly recordName: string | undefined;
}

/**
 * Under which subject a topic's schemas stand (Confluent: `SubjectNameStrategy`):
 *
 * | | subject |
 * |---|---|
 * | `topic` | `orders-value`, `orders-key` |
 * | `record` | the record's full name, `shop.Order` |
 * | `topic-record` | `orders-shop.Order` |
 */
export type SubjectNameStrategy =
  | "topic"
  | "record"
  | "topic-record"
  | ((parts: SubjectNameParts) => string);

export const subjectNameKind = {
  allowed: '"topic", "record", "topic-record", or a function that names the subject',
  accepts: (given: unknown): boolean =>
    typeof given === "function" ||
    given === "topic" ||
    given === "record" ||
    given === "topic-record",
};

/** @throws RegistrySerdeError `SUBJECT_UNKNOWN` */
export function subjectName(strategy: SubjectNameStrategy, parts: SubjectNameParts): string {
  const { topic, part, recordName } = parts;
  if (typeof strategy === "function") {
    const name: unknown = strategy(parts);
    if (typeof name === "string" && name !== "") return name;
    throw new RegistrySerdeError(
      "SUBJECT_UNKNOWN",
      `the function that names the subject of ${topic} gave ${shown(name)}; return a name`,
    );
  }
  if (strategy === "topic") return `${topic}-${part}`;
  if (recordName === undefined)
    throw new RegistrySerdeError(
      "SUBJECT_UNKNOWN",
      `the subject of the ${part}s of ${topic} is named by the record, and the schema has no name; use subjectName "topic", or a function`,
    );
  return strategy === "record" ? recordName : `${topic}-${recordName}`;
}
