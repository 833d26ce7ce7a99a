import type { SchemaRegistry, SchemaType, SubjectVersion } from "@millrace/schema-registry";

import type { FactCase } from "./facts.ts";

interface Referred {
  readonly name: string;
  readonly subject: string;
  readonly version: number;
  readonly schema: string;
}

/** A registry that has the schema of one case, under its id and GUID, and what it refers to. */
export function registryOfCase(given: FactCase): SchemaRegistry {
  const referred = (given["references"] ?? []) as readonly Referred[];
  const schemaType = given["format"] as SchemaType;
  const known: SubjectVersion = {
    subject: `${given["subject"]}`,
    version: 1,
    id: Number(given["id"]),
    schemaType,
    schema: `${given["schema"]}`,
    references: referred.map(({ name, subject, version }) => ({ name, subject, version })),
    ...(given["guid"] === undefined ? {} : { guid: `${given["guid"]}` }),
  };
  return {
    name: "the registry of the case",
    clock: { monotonicMs: () => 0 },
    schemaById: (id) => (id === known.id ? known : missing(`id ${id}`)),
    schemaByGuid: (guid) => (guid === known.guid ? known : missing(`GUID ${guid}`)),
    referencedVersion: (subject, version) => {
      const found = referred.find((one) => one.subject === subject && one.version === version);
      if (found === undefined) return missing(`version ${version} of ${subject}`);
      return { subject, version, id: 0, schemaType, schema: found.schema, references: [] };
    },
    latestVersion: () => known,
    register: () => missing("registration"),
    lookUp: (subject) => {
      const found = referred.find((one) => one.subject === subject);
      if (found === undefined) return known;
      return { ...known, subject, version: found.version, schema: found.schema, references: [] };
    },
  };
}

function missing(what: string): never {
  throw new Error(`the case has no ${what}`);
}
