import { type Matcher, RE2JS, RE2JSSyntaxException } from "re2js";
import { ConfigError } from "../../config/config-error.ts";

const property = "ssl.principal.mapping.rules";
const rulePattern =
  /\s*(?:(DEFAULT)|RULE:((?:\\.|[^\\/])*)\/((?:\\.|[^\\/])*)\/([LU]?)|())\s*(?:,\s*|$)/y;

type Rule = (distinguishedName: string) => string | undefined;

/**
 * The name of who showed a certificate (Kafka: `SslPrincipalMapper`): of the first rule that fits its
 * subject. Undefined: none does.
 *
 * @throws ConfigError `INVALID_PROPERTY`
 */
export function principalMapper(rules: string): Rule {
  const parsed = parse(rules);
  return (distinguishedName) => {
    for (const rule of parsed) {
      const name = rule(distinguishedName);
      if (name !== undefined) return name;
    }
    return undefined;
  };
}

function parse(text: string): readonly Rule[] {
  const rules: Rule[] = [];
  rulePattern.lastIndex = 0;
  const trimmed = text.trim();
  while (rulePattern.lastIndex < trimmed.length) {
    const match = rulePattern.exec(trimmed);
    if (match === null) throw refused(text, "give DEFAULT or RULE:PATTERN/REPLACEMENT/[LU]");
    const [, isDefault, pattern, replacement, letters] = match;
    if (isDefault !== undefined) rules.push((distinguishedName) => distinguishedName);
    else if (pattern !== undefined) rules.push(ruleOf(text, pattern, replacement, letters));
  }
  return rules;
}

function ruleOf(text: string, pattern: string, replacement: string, letters: string): Rule {
  let compiled: RE2JS;
  try {
    compiled = RE2JS.compile(pattern);
  } catch (error) {
    if (error instanceof RE2JSSyntaxException) throw refused(text, error.message);
    throw error;
  }
  return (distinguishedName) => {
    if (!compiled.matches(distinguishedName)) return undefined;
    const name = replaceAll(compiled.matcher(distinguishedName), distinguishedName, replacement);
    if (letters === "L") return name.toLowerCase();
    return letters === "U" ? name.toUpperCase() : name;
  };
}

/** As Java's `String.replaceAll`. */
function replaceAll(matcher: Matcher, text: string, replacement: string): string {
  let result = "";
  let end = 0;
  while (matcher.find()) {
    result += text.slice(end, matcher.start()) + expand(replacement, matcher);
    end = matcher.end();
  }
  return result + text.slice(end);
}

/** A reference to a group that the pattern does not have stands for itself, less its last digits where that helps. */
function expand(replacement: string, matcher: Matcher): string {
  const groups = matcher.groupCount();
  return replacement.replaceAll(
    /\\(.)|\$(\d+)/g,
    (whole, literal: string | undefined, digits: string) => {
      if (literal !== undefined) return literal;
      let length = digits.length;
      while (Number(digits.slice(0, length)) > groups && length > 1) length--;
      const group = Number(digits.slice(0, length));
      return group > groups ? whole : (matcher.group(group) ?? "") + digits.slice(length);
    },
  );
}

function refused(text: string, reason: string): ConfigError {
  return new ConfigError("INVALID_PROPERTY", property, `${property} "${text}": ${reason}`);
}
