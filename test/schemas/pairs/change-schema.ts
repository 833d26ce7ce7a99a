import { withDefault, type Field, type Schema, type SchemaObject } from "./generate-schema.ts";
import type { Random } from "./random.ts";

/** The schema with one to three changes, such as people make to schemas. */
export function changeSchema(random: Random, schema: Schema): Schema {
  let changed = structuredClone(schema);
  for (let count = 1 + random.below(3); count > 0; count--) {
    const places = placesIn(changed, (whole) => (changed = whole));
    random.pick(places)(random);
  }
  return changed;
}

type Change = (random: Random) => void;

/** A change for each part, each at random one of those that the part can have. */
function placesIn(schema: Schema, replace: (schema: Schema) => void): readonly Change[] {
  const own: Change = (random) => changePart(random, schema, replace);
  if (typeof schema === "string") return [own];
  if (Array.isArray(schema)) {
    const inner = schema.flatMap((branch, index) =>
      placesIn(branch, (changed) => {
        // A union within a union is none.
        if (!Array.isArray(changed)) schema[index] = changed;
      }),
    );
    return [own, ...inner];
  }
  if (schema.items !== undefined) {
    return [own, ...placesIn(schema.items, (items) => (schema.items = items))];
  }
  if (schema.values !== undefined) {
    return [own, ...placesIn(schema.values, (values) => (schema.values = values))];
  }
  const fields = (schema.fields ?? []).flatMap((field) =>
    placesIn(field.type, (type) => {
      field.type = type;
      if ("default" in field) {
        delete field.default;
        withDefault(field);
      }
    }),
  );
  return [own, own, ...fields];
}

function changePart(random: Random, schema: Schema, replace: (schema: Schema) => void): void {
  if (Array.isArray(schema)) {
    changeUnion(random, schema, replace);
  } else if (typeof schema === "object" && schema.fields !== undefined) {
    changeRecord(random, schema, schema.fields);
  } else if (typeof schema === "object" && schema.symbols !== undefined) {
    changeEnum(random, schema, schema.symbols);
  } else if (typeof schema === "object" && schema.size !== undefined) {
    if (random.chance(50)) schema.size++;
    else rename(random, schema);
  } else {
    changePlain(random, schema, replace);
  }
}

function changePlain(random: Random, schema: Schema, replace: (schema: Schema) => void): void {
  const wider: Readonly<Record<string, readonly string[]>> = {
    int: ["long", "float", "double"],
    long: ["float", "double", "int"],
    float: ["double", "int"],
    string: ["bytes"],
    bytes: ["string"],
  };
  const kind = typeof schema === "string" ? schema : "";
  if (wider[kind] !== undefined && random.chance(60)) replace(random.pick(wider[kind]));
  else if (random.chance(50)) replace(kind === "null" ? ["null", "int"] : ["null", schema]);
  else replace(random.pick(["int", "string", "double", "bytes", "boolean"]));
}

function changeUnion(random: Random, union: Schema[], replace: (schema: Schema) => void): void {
  switch (random.below(4)) {
    case 0:
      union.reverse();
      break;
    case 1:
      if (union.length > 1) union.splice(random.below(union.length), 1);
      break;
    case 2: {
      const more = ["null", "int", "long", "double", "string", "boolean"];
      const added = random.pick(more.filter((kind) => !union.includes(kind)));
      if (added !== undefined) union.splice(random.below(union.length + 1), 0, added);
      break;
    }
    default:
      if (union.length > 0) replace(random.pick(union));
  }
}

function changeEnum(random: Random, schema: SchemaObject, symbols: string[]): void {
  const choice = random.below(5);
  if (choice === 0) symbols.push("Z");
  else if (choice === 1 && symbols.length > 1) symbols.pop();
  else if (choice === 2) symbols.reverse();
  else if (choice === 3) {
    if (symbols.length > 1) symbols.pop();
    schema.default = symbols[0];
  } else rename(random, schema);
  if (schema.default !== undefined) schema.default = symbols[0];
}

function changeRecord(random: Random, schema: SchemaObject, fields: Field[]): void {
  const index = random.below(Math.max(1, fields.length));
  switch (random.below(7)) {
    case 0: {
      const field: Field = {
        name: `z${fields.length}`,
        type: random.pick(["int", "string", ["null", "long"]]),
      };
      if (random.chance(60)) withDefault(field);
      fields.splice(random.below(fields.length + 1), 0, field);
      break;
    }
    case 1:
      fields.splice(index, 1);
      break;
    case 2:
      fields.reverse();
      break;
    case 3:
      renameField(random, fields[index]);
      break;
    case 4:
      schema.namespace = `n.c${random.below(2)}`;
      break;
    case 5:
      rename(random, schema);
      break;
    default:
      if (fields[index] !== undefined) withDefault(fields[index]);
  }
}

function renameField(random: Random, field: Field | undefined): void {
  if (field === undefined) return;
  if (random.chance(70)) field.aliases = [...(field.aliases ?? []), field.name];
  field.name = `${field.name}x`;
}

function rename(random: Random, schema: SchemaObject): void {
  if (random.chance(60)) schema.aliases = [...(schema.aliases ?? []), `${schema.name}`];
  schema.name = `${schema.name}x`;
}
