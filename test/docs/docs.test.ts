import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";

import { repository } from "../tidy/source-files.ts";
import { blocksOf, pages, treatmentOf } from "./pages.ts";
import { drawn, pictureNames } from "./pictures/pictures.ts";

// The code of the pages is run by test/packages, where the packages are installed as users have them.
test("every block of code is of a kind that is run", () => {
  const blocks = pages.flatMap(blocksOf);
  expect(blocks.length).toBeGreaterThan(20);
  const unknown = blocks.filter((block) => treatmentOf(block) === undefined);
  expect(unknown.map(({ page, number, kind }) => `${page} ${number} (${kind})`)).toEqual([]);
});

test("one passage alone shows what Node 22 cannot parse", () => {
  const later = pages.flatMap(blocksOf).filter((one) => treatmentOf(one) === "program of Node 24");
  expect(later.map(({ page }) => page)).toEqual(["docs/project-setup.md"]);
});

test("whoever runs all pages in one project gives no folder two uses", () => {
  const code = pages.flatMap(blocksOf).map((block) => block.code);
  const foldersOf = (pattern: RegExp): readonly string[] => [
    ...new Set(code.flatMap((text) => [...text.matchAll(pattern)].map(([, folder]) => folder))),
  ];
  const ofBrokers = foldersOf(/(?:\bdata: "|embedded:|--data )(\.\/[\w./-]+)/g);
  const ofStates = foldersOf(/stateDirectory: "(\.\/[\w./-]+)/g);
  expect(ofBrokers.length).toBeGreaterThan(4);
  const folders = [...ofBrokers, ...ofStates];
  const nested = folders.flatMap((inner, index) =>
    folders
      .filter((outer, other) => other !== index && `${inner}/`.startsWith(`${outer}/`))
      .map((outer) => `${inner} is in ${outer}`),
  );
  expect(nested).toEqual([]);
});

test("the package that users install shows the same program as the first page", () => {
  const [shown] = blocksOf("packages/millrace/README.md");
  const [first] = blocksOf("README.md").filter(({ kind }) => kind === "ts");
  const plain = (code: string): string => code.replaceAll(/ *\/\/.*$/gm, "");
  expect(plain(shown.code)).toBe(plain(first.code));
});

describe("a picture of time is what the code draws; `npm run docs:pictures` writes it", () => {
  const shown = pages.flatMap(blocksOf).filter((block) => treatmentOf(block) === "picture");
  const nameOf = ({ kind }: { readonly kind: string }): string => kind.slice("picture ".length);

  test.each(shown)("$page: $kind", (block) => {
    expect(block.code).toBe(drawn(nameOf(block)));
  });

  test("and each that is drawn is on a page", () => {
    expect(new Set(shown.map(nameOf))).toEqual(new Set(pictureNames));
  });
});

test("links between the pages lead somewhere", () => {
  const broken = [
    ...pages,
    "packages/millrace/README.md",
    "CONTRIBUTING.md",
    "docs/internals/follow-a-record.md",
    ...globSync("examples/{,*/}README.md", { cwd: repository }),
  ].flatMap((page) => {
    const text = readFileSync(join(repository, page), "utf8");
    return [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)]
      .map(([, link]) => join(repository, dirname(page), link))
      .filter((path) => !existsSync(path))
      .map((path) => `${page}: ${path}`);
  });
  expect(broken).toEqual([]);
});

test("the list of examples has all of them, and each tells of itself", () => {
  const list = readFileSync(join(repository, "examples/README.md"), "utf8");
  const folders = globSync("examples/*/package.json", { cwd: repository }).map(dirname);
  expect(folders.length).toBeGreaterThan(10);
  for (const folder of folders) {
    expect(list).toContain(`](${folder.slice("examples/".length)}/README.md)`);
    expect(existsSync(join(repository, folder, "README.md")), folder).toBe(true);
  }
});
