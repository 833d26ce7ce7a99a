import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Where a name is declared. */
interface Place {
  readonly file: string;
  readonly name: string;
}

/**
 * Types that the signatures of a package's exports name, all the way down, and that it does not export: whoever exports
 * a value of such a type cannot declare it. Each with the type that leads to it.
 *
 * @param entry a declaration file
 * @param packages where `@millrace/…` lie
 * @param roots names of the exports to begin with
 */
export function unexportedTypes(
  entry: string,
  packages: string,
  roots: readonly string[],
): readonly string[] {
  const reader = new DeclarationReader(packages);
  const exported = reader.exportsOf(entry);
  const offered = new Set([...exported.values()].map(textOf));
  const reached = new Set<string>();
  const missing: string[] = [];
  const waiting = roots.flatMap((name) => exported.get(name) ?? []);
  for (let place = waiting.pop(); place !== undefined; place = waiting.pop())
    for (const used of reader.typesIn(place)) {
      if (reached.has(textOf(used))) continue;
      reached.add(textOf(used));
      waiting.push(used);
      if (!offered.has(textOf(used))) missing.push(`${used.name} (in ${place.name})`);
    }
  return missing.sort();
}

function textOf({ file, name }: Place): string {
  return `${file}#${name}`;
}

const startOf =
  /^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|type|function|const) ([\w$]+)/;

/** Reads declaration files as the compiler writes them: one statement after the other, none nested. */
class DeclarationReader {
  readonly #packages: string;
  readonly #texts = new Map<string, string>();
  /** Of a file, by what they declare. */
  readonly #declarations = new Map<string, ReadonlyMap<string | undefined, readonly string[]>>();
  readonly #imports = new Map<string, ReadonlyMap<string, Place>>();

  constructor(packages: string) {
    this.#packages = packages;
  }

  /** What a file exports, by the exported name. */
  exportsOf(file: string): ReadonlyMap<string, Place> {
    const found = new Map<string, Place>();
    const lists = this.#text(file).matchAll(/^export (?:type )?\{([^}]*)\}(?: from "([^"]+)")?;/gm);
    for (const [, names, module] of lists)
      for (const { name, alias } of namesOf(names))
        found.set(
          alias,
          this.#resolve(module === undefined ? file : this.#fileOf(file, module), name),
        );
    return found;
  }

  /** Types of ours that a declaration names, its own parameters left out. */
  typesIn({ file, name }: Place): readonly Place[] {
    const imported = this.#importsOf(file);
    const body = this.#declarationsOf(file, name).join("\n");
    const names = new Set([...body.matchAll(/(?<![.\w"'`-])[A-Z]\w*/g)].map(([word]) => word));
    return [...names].flatMap((word) => {
      const place = imported.get(word);
      if (place !== undefined) return [place];
      // What a file keeps to itself, and is no interface, the compiler writes out.
      const isOffered = this.#declarationsOf(file, word).some((part) =>
        /^export|^interface/.test(part),
      );
      return word !== name && isOffered ? [{ file, name: word }] : [];
    });
  }

  #importsOf(file: string): ReadonlyMap<string, Place> {
    const known = this.#imports.get(file);
    if (known !== undefined) return known;
    const found = new Map<string, Place>();
    const lists = this.#text(file).matchAll(/^import (?:type )?\{([^}]*)\} from "([^"]+)";/gm);
    for (const [, names, module] of lists) {
      if (!module.startsWith(".") && !module.startsWith("@millrace/")) continue;
      for (const { name, alias } of namesOf(names))
        found.set(alias, this.#resolve(this.#fileOf(file, module), name));
    }
    this.#imports.set(file, found);
    return found;
  }

  /** Follows a name through the files that pass it on. */
  #resolve(file: string, name: string): Place {
    if (this.#declarationsOf(file, name).length > 0) return { file, name };
    return this.exportsOf(file).get(name) ?? this.#importsOf(file).get(name) ?? { file, name };
  }

  #fileOf(from: string, module: string): string {
    if (module.startsWith(".")) return join(dirname(from), module.replace(/\.[jt]s$/, ".d.ts"));
    const [, name, entry] = /^(@millrace\/[^/]+)(?:\/(.*))?$/.exec(module) ?? ["", module, ""];
    const dist = join(this.#packages, name, "dist", entry ?? "");
    return existsSync(`${dist}.d.ts`) ? `${dist}.d.ts` : join(dist, "index.d.ts");
  }

  /** Declarations of a name: each ends where the next statement of the file begins. */
  #declarationsOf(file: string, name: string): readonly string[] {
    let declarations = this.#declarations.get(file);
    if (declarations === undefined) {
      const statements = this.#text(file).split(/^(?=(?:export|import|declare|interface|type) )/m);
      declarations = Map.groupBy(statements, (statement) => startOf.exec(statement)?.[1]);
      this.#declarations.set(file, declarations);
    }
    return declarations.get(name) ?? [];
  }

  #text(file: string): string {
    const known = this.#texts.get(file);
    if (known !== undefined) return known;
    const text = readFileSync(file, "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "");
    this.#texts.set(file, text);
    return text;
  }
}

function namesOf(list: string): readonly { readonly name: string; readonly alias: string }[] {
  return list.split(",").flatMap((part) => {
    const [name, alias] = part
      .trim()
      .replace(/^type /, "")
      .split(" as ");
    return name === "" ? [] : [{ name, alias: alias ?? name }];
  });
}
