import { ConfigError } from "../../config/config-error.ts";

/** What a JAAS line says: a login module of Kafka's, and its options. */
export interface JaasEntry {
  readonly module: string;
  readonly options: ReadonlyMap<string, string>;
}

const token = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s=;"']+|[=;]))/sy;
/** As in texts of Java (`StreamTokenizer`). */
const escape = /\\(?:([0-3]?[0-7]{1,2})|(.))/gs;
const escaped: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/**
 * Reads a value of `sasl.jaas.config`: `MODULE required NAME="VALUE" ...;`.
 *
 * @throws ConfigError `INVALID_PROPERTY`; it does not show the line, which holds passwords
 */
export function parseJaas(property: string, line: string): JaasEntry {
  const tokens = tokensOf(property, line);
  const [module, flag] = tokens;
  if (module === undefined || !/^(required|requisite|sufficient|optional)$/i.test(flag ?? ""))
    throw refused(property, "begin with MODULE required");
  if (tokens.at(-1) !== ";") throw refused(property, "end with a semicolon");
  const options = new Map<string, string>();
  const rest = tokens.slice(2, -1);
  for (let at = 0; at < rest.length; at += 3) {
    if (rest[at + 1] !== "=" || rest[at + 2] === undefined)
      throw refused(property, 'give options as NAME="VALUE"');
    options.set(rest[at], rest[at + 2]);
  }
  return { module: module.slice(module.lastIndexOf(".") + 1), options };
}

function tokensOf(property: string, line: string): readonly string[] {
  const tokens: string[] = [];
  const text = line.trim();
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    if (match === null) throw refused(property, "close what is quoted");
    const [, doubly, singly, bare] = match;
    const quoted = doubly ?? singly;
    tokens.push(quoted === undefined ? bare : unescaped(quoted));
  }
  return tokens;
}

function unescaped(text: string): string {
  return text.replace(escape, (_, octal: string | undefined, character: string) =>
    octal === undefined
      ? (escaped[character] ?? character)
      : String.fromCharCode(Number.parseInt(octal, 8)),
  );
}

function refused(property: string, remedy: string): ConfigError {
  return new ConfigError("INVALID_PROPERTY", property, `${property} does not parse: ${remedy}`);
}
