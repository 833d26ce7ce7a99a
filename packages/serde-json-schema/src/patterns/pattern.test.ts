import * as fc from "fast-check";
import { expect, test } from "vitest";

import { Pattern } from "./pattern.ts";
import { scanPattern } from "./scan-pattern.ts";
import { RE2JS } from "re2js";

const hostile = "a".repeat(50_000) + "!";

test.each([
  "^(a+)+$",
  "(a|aa)+$",
  "^(([a-z])+.)+[A-Z]([a-z])+$",
  "(x+x+)+y",
  "^(a?){50}a{50}$",
  "a*a*a*a*a*b",
  "(?:a|a?)+$",
])("%s is matched in linear time", (source) => {
  const pattern = new Pattern(source);
  const start = performance.now();
  expect(pattern.test(hostile)).toBe(new RegExp(source).test("!"));
  expect(performance.now() - start).toBeLessThan(2000);
});

test.each(["(?=a)(a+)+$", "(a+)+\\1$", "^(?:(?!b)a*)*$"])(
  "%s, for which no engine has a bound, is refused",
  (source) => {
    expect(() => new Pattern(source)).toThrow(
      expect.objectContaining({ code: "PATTERN_WITHOUT_BOUND" }),
    );
  },
);

test("looking around is bounded in the length of the text", () => {
  const pattern = new Pattern("^(?=.*[A-Z])(?=.*[0-9]).{8,}$");
  expect(pattern.test("Passw0rd")).toBe(true);
  expect(pattern.test("password")).toBe(false);
  expect(() => pattern.test(hostile)).toThrow(expect.objectContaining({ code: "TEXT_TOO_LONG" }));
});

test("what is no regular expression is told", () => {
  expect(() => new Pattern("[")).toThrow(expect.objectContaining({ code: "INVALID_PATTERN" }));
});

test("an expression that strict Unicode does not allow is taken as it is", () => {
  expect(new Pattern("^[\\w\\.\\@]+\\_$").test("a.b@c_")).toBe(true);
});

const texts = [
  "",
  "a",
  "ab\n",
  "ſ K",
  "\u00a0",
  "\u2028",
  "a-b]",
  "\\",
  "π",
  "😀",
  "0_Z",
  "a\tb",
  "/",
];

test.each([
  "^\\s+$",
  "\\S",
  "^.$",
  "^[^]$",
  "[]",
  "[^a]",
  "^\\w\\W",
  "\\u0061",
  "\\u{1F600}",
  "\\x41|\\cI",
  "^[\\]\\-]",
  "[a-c-]",
  "\\\\",
  "\\/",
  "^\\p{L}+$",
  "\\bb",
  "(?<x>a)|b",
  "a{1,2}b?",
  "[\\s]",
  "[\\b]",
  "\\0",
])("%s means to the linear engine what it means to JavaScript", (source) => {
  const { linear } = scanPattern(source);
  expect(linear).toBeDefined();
  const engine = RE2JS.compile(linear ?? "");
  const native = new RegExp(source, "u");
  for (const text of texts) expect([text, engine.test(text)]).toEqual([text, native.test(text)]);
});

test("random expressions and texts are matched alike by both engines", () => {
  const atom = fc.constantFrom(
    "a",
    "b",
    ".",
    "[ab]",
    "[^a]",
    "\\s",
    "\\d",
    "(a|b)",
    "(?:ab)",
    "^",
    "$",
  );
  const quantified = fc.tuple(atom, fc.constantFrom("", "*", "+", "?", "{2}", "{1,3}", "*?"));
  const isRepeatable = (sign: string): boolean => sign !== "^" && sign !== "$";
  const sources = fc
    .array(quantified, { maxLength: 6 })
    .map((parts) =>
      parts.map(([sign, count]) => (isRepeatable(sign) ? sign + count : sign)).join(""),
    );
  const text = fc.string({ unit: fc.constantFrom("a", "b", "\n", "1", " "), maxLength: 12 });
  fc.assert(
    fc.property(sources, text, (source, value) => {
      const { linear } = scanPattern(source);
      expect(RE2JS.compile(linear ?? "").test(value)).toBe(new RegExp(source, "u").test(value));
    }),
    { numRuns: 300 },
  );
});
