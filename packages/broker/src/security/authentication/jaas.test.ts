import { expect, test } from "vitest";
import { ConfigError } from "../../config/config-error.ts";
import { parseJaas } from "./jaas.ts";

test("a JAAS line is a module and options, quoted or not", () => {
  const { module, options } = parseJaas(
    "p",
    ' org.apache.kafka.X required a="1 2;=" b=c\n d="say \\"x\\"" ; ',
  );
  expect(module).toBe("X");
  expect(Object.fromEntries(options)).toEqual({ a: "1 2;=", b: "c", d: 'say "x"' });
});

test("words are quoted in either way, and escapes are Java's", () => {
  const line = String.raw`X required a='1 "2";=' b="it's" c="\t\\\101\x";`;
  expect(Object.fromEntries(parseJaas("p", line).options)).toEqual({
    a: '1 "2";=',
    b: "it's",
    c: "\t\\Ax",
  });
});

test.each([
  "",
  "X",
  "X needed;",
  'X required a="secret"',
  "X required a;",
  'X required a="secret;',
  "X required a=sec'ret;",
])("%j is refused, and not shown", (line) => {
  expect(() => parseJaas("p", line)).toThrow(ConfigError);
  expect(() => parseJaas("p", line)).not.toThrow(/sec/);
});
