import type { ProtobufSchema } from "../format/protobuf-format.ts";
import { knownFiles } from "../schema/known-files.ts";
import { joinNames } from "../schema/name-scope.ts";
import type { MessageDeclaration, ProtoFile, TypeDeclaration } from "../schema/proto-file.ts";
import { ProtobufError } from "./protobuf-error.ts";

/**
 * The full name of the message that a program means.
 *
 * @param given with or without the package; undefined: the only one that the schema has
 * @throws ProtobufError `UNKNOWN_MESSAGE`
 */
export function messageNamed(schema: ProtobufSchema, given: string | undefined): string {
  const { packageName, types } = countedFile(schema);
  const known = messagesOf(types).map(({ name }) => joinNames(packageName, name));
  if (given === undefined) {
    if (known.length === 1) return known[0];
    throw new ProtobufError(
      "UNKNOWN_MESSAGE",
      known.length === 0
        ? "the Protobuf schema has no message"
        : `the Protobuf schema has several messages (${known.join(", ")}); name one: { message: "${known[0]}" }`,
    );
  }
  const fullName = schema.names.resolve(given, packageName);
  const found = fullName === undefined ? undefined : schema.names.get(fullName);
  if (fullName !== undefined && found?.declaration.kind === "message") return fullName;
  throw new ProtobufError(
    "UNKNOWN_MESSAGE",
    `the Protobuf schema has no message "${given}"; it has ${known.join(", ") || "none"}`,
  );
}

/**
 * Where a message stands among those of the schema, from the outermost in.
 *
 * @throws ProtobufError `UNKNOWN_MESSAGE`
 */
export function indexesOf(schema: ProtobufSchema, fullName: string): readonly number[] {
  const file = countedFile(schema);
  const { packageName } = file;
  const prefix = packageName === "" ? "" : `${packageName}.`;
  let { types }: { readonly types: readonly TypeDeclaration[] } = file;
  const path: number[] = [];
  const parts = fullName.startsWith(prefix) ? fullName.slice(prefix.length).split(".") : [""];
  for (const part of parts) {
    const messages = messagesOf(types);
    const index = messages.findIndex(({ name }) => name === part);
    if (index < 0) {
      throw new ProtobufError(
        "UNKNOWN_MESSAGE",
        `the schema in the registry has no message "${fullName}"; name one that it has, or register the program's schema`,
      );
    }
    path.push(index);
    ({ types } = messages[index]);
  }
  return path;
}

/** The full name of the message at a path; undefined: the schema has none there. */
export function nameAt(schema: ProtobufSchema, path: readonly number[]): string | undefined {
  const file = countedFile(schema);
  let { types }: { readonly types: readonly TypeDeclaration[] } = file;
  let name = file.packageName;
  for (const index of path) {
    const message = messagesOf(types)[index];
    if (message === undefined) return undefined;
    name = joinNames(name, message.name);
    ({ types } = message);
  }
  return name;
}

/** A file that only passes another one on stands for that one, as in Confluent's serializers. */
function countedFile({ file, imports }: ProtobufSchema): ProtoFile {
  const isEmpty = [file.types, file.services, file.extensions].every((list) => list.length === 0);
  const [only, ...others] = file.imports;
  if (!isEmpty || only?.kind !== "public" || others.length > 0) return file;
  return imports.get(only.path)?.file ?? knownFiles().get(only.path) ?? file;
}

function messagesOf(types: readonly TypeDeclaration[]): readonly MessageDeclaration[] {
  return types.filter((type) => type.kind === "message");
}
