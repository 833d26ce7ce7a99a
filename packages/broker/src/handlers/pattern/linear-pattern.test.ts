import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LinearPattern } from "./linear-pattern.ts";

describe("a pattern of transactional ids", () => {
  test("matches whole texts, as the language's own expressions do", () => {
    const atom = fc.constantFrom(
      "a",
      "b",
      ".",
      "[ab]",
      "[^a]",
      "\\d",
      "\\w",
      "(?:ab|b)",
      "(a|)",
      "\\.",
    );
    const quantifier = fc.constantFrom("", "*", "+", "?", "{2}", "{0,2}", "{1,}", "*?");
    const piece = fc.tuple(atom, quantifier).map((parts) => parts.join(""));
    const branch = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(""));
    const pattern = fc.array(branch, { minLength: 1, maxLength: 3 }).map((all) => all.join("|"));
    const text = fc.string({ unit: fc.constantFrom("a", "b", "1", ".", "\n"), maxLength: 6 });
    fc.assert(
      fc.property(pattern, text, (source, subject) => {
        const expected = new RegExp(`^(?:${source})$`, "u").test(subject);
        expect(new LinearPattern(source).matches(subject)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ["(?i)ORDER-.*", "order-7", true],
    ["order-\\p{L}+", "order-é", true],
    ["^order$", "order", true],
    ["\\Aorder\\z", "order", true],
    ["a{3}", "aa", false],
    ["(?P<name>a)+", "aaa", true],
    ["😀+", "😀😀", true],
  ] as const)("%s on %s", (pattern, text, isMatch) => {
    expect(new LinearPattern(pattern).matches(text)).toBe(isMatch);
  });

  test.each([
    "(a",
    "a)",
    "a**",
    "*",
    "[a",
    "(?=a)",
    "(?!a)",
    "(a)\\1",
    "a{2,1}",
    "a{1001}",
    "\\",
    "(?<",
    "(a{100}){100}",
  ])("%s is none", (pattern) => {
    expect(() => new LinearPattern(pattern)).toThrow(SyntaxError);
  });

  test("takes a time that grows with the text, whatever the pattern", () => {
    const text = "a".repeat(5000);
    for (const pattern of ["(a+)+b", "(a|a)*b", "(a*)*b", "(.*)*(.*)*b"])
      expect(new LinearPattern(pattern).matches(text)).toBe(false);
  });
});
