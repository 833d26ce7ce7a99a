import { expect, test } from "vitest";
import type { MetricValue } from "./metrics.ts";
import { prometheusText } from "./prometheus-text.ts";

const fallingText = "# TYPE input_buffer_bytes_total gauge\ninput_buffer_bytes_total 1\n";

test.each([
  ["a gauge", "lag", {}, 7, "# TYPE lag gauge\nlag 7\n"],
  ["a counter", "records_total", {}, 7, "# TYPE records_total counter\nrecords_total 7\n"],
  ["Kafka's name of what falls", "input-buffer-bytes-total", {}, 1, fallingText],
  ["Kafka's name", "records-lag", {}, 1, "# TYPE records_lag gauge\nrecords_lag 1\n"],
  ["a digit at the start", "9lives", {}, 1, "# TYPE _9lives gauge\n_9lives 1\n"],
  ["labels", "a", { "client-id": "x", b: "y" }, 1, '# TYPE a gauge\na{client_id="x",b="y"} 1\n'],
  ["quotes", "a", { b: '"' }, 1, '# TYPE a gauge\na{b="\\""} 1\n'],
  ["backslashes", "a", { b: "\\n" }, 1, '# TYPE a gauge\na{b="\\\\n"} 1\n'],
  ["line feeds", "a", { b: "1\n2" }, 1, '# TYPE a gauge\na{b="1\\n2"} 1\n'],
  ["no number", "a", {}, NaN, "# TYPE a gauge\na NaN\n"],
  ["infinity", "a", {}, Infinity, "# TYPE a gauge\na +Inf\n"],
  ["the other infinity", "a", {}, -Infinity, "# TYPE a gauge\na -Inf\n"],
])("%s in Prometheus's text", (...[, name, tags, value, text]) => {
  expect(prometheusText([{ name, tags, value }])).toBe(text);
});

test("values of a name stand together, under its help", () => {
  const values: MetricValue[] = [
    { name: "a", tags: { t: "1" }, value: 1 },
    { name: "b", tags: {}, value: 2 },
    { name: "a", tags: { t: "2" }, value: 3 },
  ];
  expect(prometheusText(values, { a: "of \\ two\nlines" })).toBe(
    '# HELP a of \\\\ two\\nlines\n# TYPE a gauge\na{t="1"} 1\na{t="2"} 3\n# TYPE b gauge\nb 2\n',
  );
  expect(prometheusText([])).toBe("");
});
