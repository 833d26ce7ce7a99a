import { expect, test } from "vitest";
import { principalMapper } from "./principal-mapper.ts";

const dn = "CN=Ann,OU=ServiceUsers,O=Acme,C=DE";

test.each([
  ["DEFAULT", dn],
  ["", undefined],
  ["RULE:^CN=(.*?),OU=ServiceUsers.*$/$1/", "Ann"],
  ["RULE:^CN=(.*?),OU=Others.*$/$1/, RULE:^CN=(.*?),OU=ServiceUsers.*$/$1/L, DEFAULT", "ann"],
  ["RULE:^CN=(.*?),OU=(.*?),O=(.*?),C=(.*?)$/$1@$2/U", "ANN@SERVICEUSERS"],
  ["RULE:CN=Ann/ann/,DEFAULT", dn],
  ["RULE:^CN=(.*?),.*$/$1@$4/", "Ann@$4"],
  [String.raw`RULE:^CN=(.*?)\,.*$/$1\/x/`, "Ann/x"],
])("the rules %j make of a subject %j", (rules, name) => {
  expect(principalMapper(rules)(dn)).toBe(name);
});

test.each(["nothing", "RULE:", "RULE:x", "RULE:(/x/", "RULE:a/b/X"])("%j is no rule", (rules) => {
  expect(() => principalMapper(rules)).toThrow(
    expect.objectContaining({ code: "INVALID_PROPERTY" }),
  );
});
