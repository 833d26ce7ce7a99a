import { ConfigError } from "./config-error.ts";

/** A name, what parts it from its value, and the value. */
const entry = /^((?:\\.|[^\\=:\s])+)(?:\s*[=:]|\s)\s*(.*)$/s;
const escape = /\\(?:u([0-9a-fA-F]{4})|(.))/gs;
const escaped: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", f: "\f" };

/**
 * Reads the text of a properties file as Kafka's brokers do (Java: `Properties.load`): `name=value` lines, `#` and `!`
 * begin comments, a backslash at the end goes on in the next line, elsewhere it takes what follows as it is.
 *
 * @throws ConfigError `INVALID_PROPERTY` for a line that is none of these
 * @example parsePropertiesFile("num.partitions=4\n")
 */
export function parsePropertiesFile(text: string): Readonly<Record<string, string>> {
  const properties: Record<string, string> = Object.create(null);
  for (const line of wholeLines(text)) {
    const match = entry.exec(line);
    if (match === null)
      throw new ConfigError("INVALID_PROPERTY", line, `${line} is no name=value line`);
    const name = unescaped(match[1], match[1]);
    properties[name] = unescaped(match[2].trim(), name);
  }
  return properties;
}

/** Each with the lines that it goes on in, and without comments. */
function wholeLines(text: string): readonly string[] {
  const lines: string[] = [];
  let begun: string | undefined;
  for (const line of text.split(/\r\n|\n|\r/)) {
    const part = line.trimStart();
    if (begun === undefined && (part === "" || part.startsWith("#") || part.startsWith("!")))
      continue;
    // Two backslashes are one that is meant.
    const goesOn = (/\\*$/.exec(part)?.[0].length ?? 0) % 2 === 1;
    const whole: string = (begun ?? "") + (goesOn ? part.slice(0, -1) : part);
    begun = goesOn ? whole : undefined;
    if (!goesOn) lines.push(whole);
  }
  if (begun !== undefined) lines.push(begun);
  return lines;
}

/** @throws ConfigError; it does not show the value, which may be a password */
function unescaped(text: string, name: string): string {
  return text.replace(escape, (_, digits: string | undefined, character: string) => {
    if (digits !== undefined) return String.fromCharCode(Number.parseInt(digits, 16));
    if (character !== "u") return escaped[character] ?? character;
    const reason = "write a character as \\u and four digits, and a backslash twice";
    throw new ConfigError("INVALID_PROPERTY", name, `${name}: ${reason}`);
  });
}
