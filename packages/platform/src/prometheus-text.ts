import { isCounter, type MetricTags, type MetricValue } from "./metrics.ts";

/**
 * Metrics in Prometheus's text format 0.0.4: a name's values stand together, and what only grows is a counter, as `isCounter` tells by its name.
 * Letters that Prometheus does not know in a name become `_`.
 *
 * @param about a line of help by name
 */
export function prometheusText(
  values: readonly MetricValue[],
  about: Readonly<Record<string, string>> = {},
): string {
  const families = new Map<string, string[]>();
  for (const { name, tags, value } of values) {
    const family = safeName(name);
    let lines = families.get(family);
    if (lines === undefined) {
      families.set(family, (lines = []));
      const help = Object.hasOwn(about, name) ? about[name] : undefined;
      if (help !== undefined) lines.push(`# HELP ${family} ${escapeHelp(help)}`);
      lines.push(`# TYPE ${family} ${isCounter(name) ? "counter" : "gauge"}`);
    }
    lines.push(`${family}${labels(tags)} ${numeral(value)}`);
  }
  return [...families.values()].map((lines) => `${lines.join("\n")}\n`).join("");
}

function labels(tags: MetricTags): string {
  const pairs = Object.entries(tags).map(
    ([tag, value]) => `${safeName(tag).replaceAll(":", "_")}="${escapeLabel(value)}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function safeName(name: string): string {
  const safe = name.replace(/[^a-zA-Z0-9_:]/g, "_");
  return /^[0-9]/.test(safe) ? `_${safe}` : safe;
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}

function numeral(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}
