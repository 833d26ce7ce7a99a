import { ConfigError } from "./config-error.ts";

/**
 * Reads the text of a properties file, as Kafka's brokers take: `name=value` lines, `#` and `!` begin comments,
 * a backslash at the end goes on in the next line.
 *
 * @throws ConfigError `INVALID_PROPERTY` for a line that is none of these
 * @example parsePropertiesFile("num.partitions=4\n")
 */
export function parsePropertiesFile(text: string): Readonly<Record<string, string>> {
  const properties: Record<string, string> = Object.create(null);
  for (const line of text.replace(/\\\r?\n[ \t]*/g, "").split(/\r?\n/)) {
    const trimmed = line.trim();
    if (trimmed === "" || trimmed.startsWith("#") || trimmed.startsWith("!")) continue;
    const match = /^([^=:\s]+)\s*[=:\s]\s*(.*)$/.exec(trimmed);
    if (match === null)
      throw new ConfigError("INVALID_PROPERTY", trimmed, `${trimmed} is no name=value line`);
    properties[match[1]] = match[2].trim();
  }
  return properties;
}
