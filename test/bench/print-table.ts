import { systemNames } from "./options.ts";
import type { Row } from "./summarize.ts";

/** The rows as a Markdown table. */
export function tableOf(rows: readonly Row[]): string {
  const head = ["workload", "figure", "unit", ...systemNames, "ratio", "ratio on Kafka"];
  const lines = rows.map((row) => [
    row.workload,
    row.figure,
    row.unit,
    ...systemNames.map((system) => numberText(row.medians[system])),
    ratioText(row.ratio),
    ratioText(row.ratioOnKafka),
  ]);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column].length)),
  );
  const rule = widths.map((width) => "-".repeat(width));
  return [head, rule, ...lines]
    .map((line) => `| ${line.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`)
    .join("\n");
}

function numberText(value: number | undefined): string {
  if (value === undefined) return "";
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(2);
}

function ratioText(value: number | undefined): string {
  return value === undefined ? "" : `${value.toFixed(2)}x`;
}
