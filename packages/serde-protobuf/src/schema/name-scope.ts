import { knownFiles } from "./known-files.ts";
import type { ExtendDeclaration, ProtoFile, TypeDeclaration } from "./proto-file.ts";

/** Where a file came from: a reference of the schema, or elsewhere (itself, a known file, a reference's reference). */
export interface FileOrigin {
  readonly subject: string;
  readonly version: number;
}

export interface ScopedType {
  readonly declaration: TypeDeclaration;
  readonly packageName: string;
  /** Undefined: neither the schema's own nor a reference of its. */
  readonly origin: FileOrigin | undefined;
  readonly file: ProtoFile;
}

export interface ImportedFile {
  readonly file: ProtoFile;
  readonly origin: FileOrigin | undefined;
}

/** Origin of the types that stand in the schema itself. */
const ownOrigin: FileOrigin = { subject: "", version: -1 };

let knownTypes: ReadonlyMap<string, ScopedType> | undefined;
let knownOptions: ReadonlySet<string> | undefined;

/** The types that a schema can name, by their full names. */
export class NameScope {
  readonly #types = new Map<string, ScopedType>();
  readonly #options = new Set<string>();
  /** Those of the known files, which all scopes share. */
  readonly #knownTypes: ReadonlyMap<string, ScopedType>;
  readonly #knownOptions: ReadonlySet<string>;

  constructor(file: ProtoFile, imported: readonly ImportedFile[]) {
    knownTypes ??= typesOfKnownFiles();
    knownOptions ??= optionsOfKnownFiles();
    this.#knownTypes = knownTypes;
    this.#knownOptions = knownOptions;
    for (const other of [...imported, { file, origin: ownOrigin }]) {
      collectTypes(other, this.#types);
      collectOptions(other.file, this.#options);
    }
  }

  get(fullName: string): ScopedType | undefined {
    return this.#types.get(fullName) ?? this.#knownTypes.get(fullName);
  }

  /** The full name of a type, as the text at `scope` (a package, with or without a message) names it. */
  resolve(name: string, scope: string): string | undefined {
    return resolveIn((full) => this.get(full) !== undefined, name, scope);
  }

  find(name: string, scope: string): ScopedType | undefined {
    const fullName = this.resolve(name, scope);
    return fullName === undefined ? undefined : this.get(fullName);
  }

  /** The full name of an option that an `extend` declares. */
  resolveOption(name: string, scope: string): string | undefined {
    const has = (full: string): boolean => this.#options.has(full) || this.#knownOptions.has(full);
    return resolveIn(has, name, scope);
  }
}

/** Innermost scope first, as Protobuf does it. */
function resolveIn(
  has: (fullName: string) => boolean,
  name: string,
  scope: string,
): string | undefined {
  if (name.startsWith(".")) return has(name.slice(1)) ? name.slice(1) : undefined;
  let outer = scope;
  while (outer !== "") {
    if (has(`${outer}.${name}`)) return `${outer}.${name}`;
    outer = outer.slice(0, Math.max(0, outer.lastIndexOf(".")));
  }
  return has(name) ? name : undefined;
}

export function joinNames(outer: string, name: string): string {
  return outer === "" ? name : `${outer}.${name}`;
}

function typesOfKnownFiles(): ReadonlyMap<string, ScopedType> {
  const types = new Map<string, ScopedType>();
  for (const file of knownFiles().values()) collectTypes({ file, origin: undefined }, types);
  return types;
}

function optionsOfKnownFiles(): ReadonlySet<string> {
  const names = new Set<string>();
  for (const file of knownFiles().values()) collectOptions(file, names);
  return names;
}

function collectTypes({ file, origin }: ImportedFile, into: Map<string, ScopedType>): void {
  const { packageName } = file;
  const collect = (types: readonly TypeDeclaration[], outer: string): void => {
    for (const declaration of types) {
      const fullName = joinNames(outer, declaration.name);
      into.set(fullName, { declaration, packageName, origin, file });
      if (declaration.kind === "enum") continue;
      collect(declaration.types, fullName);
      const groups = declaration.fields.flatMap(({ group }) =>
        group === undefined ? [] : [group],
      );
      collect(groups, fullName);
    }
  };
  collect(file.types, packageName);
}

function collectOptions(file: ProtoFile, into: Set<string>): void {
  const collect = (extensions: readonly ExtendDeclaration[], outer: string): void => {
    for (const { fields } of extensions) {
      for (const { name } of fields) into.add(joinNames(outer, name));
    }
  };
  const collectNested = (types: readonly TypeDeclaration[], outer: string): void => {
    for (const type of types) {
      if (type.kind === "enum") continue;
      collect(type.extensions, joinNames(outer, type.name));
      collectNested(type.types, joinNames(outer, type.name));
    }
  };
  collect(file.extensions, file.packageName);
  collectNested(file.types, file.packageName);
}
