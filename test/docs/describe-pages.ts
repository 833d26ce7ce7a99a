import { cpSync, globSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { beforeAll, describe, expect, test } from "vitest";

import { isVerify } from "../interop/apache-kafka.ts";
import { run, runPnpm } from "../packages/run.ts";
import { repository } from "../tidy/source-files.ts";
import { blocksOf, pages, treatmentOf, type Block } from "./pages.ts";
import type { ProgramRunner } from "./program-runner.ts";
import { runPage, type DocsProject } from "./run-page.ts";

export interface PagesProject extends DocsProject {
  /** Run pages' programs, several at once; without them each has a process of its own. */
  readonly runners: readonly ProgramRunner[];
}

/** Whose commands are processes of their own, as all are under verify. */
const ofProcesses = "README.md";

/** Tests that run what the pages say, in a project that has the packages installed. */
export function describePages(project: () => PagesProject): void {
  const blocks = pages.flatMap(blocksOf);
  const ofKind = (kind: string): readonly Block[] =>
    blocks.filter((block) => treatmentOf(block) === kind);
  const isRun = (block: Block): boolean =>
    ["program", "endless program", "program of Node 24", "CommonJS program", "shell"].includes(
      treatmentOf(block) ?? "",
    );
  const running = pages.filter((page) => blocksOf(page).some(isRun));

  describe("the pages' code, on Node 22.18", () => {
    test.concurrent.each(running)(
      `%s runs as it stands${isVerify ? ", twice in a row" : ""}`,
      async (page) => {
        const name = page.replaceAll(/\W/g, "-");
        const { runners, ...installed } = project();
        const runner = runners[running.indexOf(page) % runners.length];
        const runsCommands = page !== ofProcesses;
        const given = runner === undefined ? installed : { ...installed, runner, runsCommands };
        for (const attempt of isVerify ? ["first", "second"] : ["only"]) {
          for (const { block, code, output } of await runPage(blocksOf(page), name, given))
            expect(code, `${attempt} run of block ${block}: ${output}`).toBe(0);
        }
      },
      240_000,
    );

    test("is right for TypeScript with the page's own tsconfig, and so is all that is installed", async () => {
      const [tsconfig] = ofKind("tsconfig");
      const folder = join(project().folder, "checked");
      mkdirSync(folder);
      writeFileSync(join(folder, "tsconfig.json"), tsconfig.code);
      for (const block of blocks.filter(({ kind }) => kind.startsWith("ts")))
        writeFileSync(join(folder, fileOf(block)), block.code);
      // The library's declarations are checked with it, of every entry.
      expect(tsconfig.code).not.toContain("skipLibCheck");
      for (const program of globSync("*.ts", { cwd: project().folder }))
        cpSync(join(project().folder, program), join(folder, program));
      await run("tsc", ["--noEmit"], { cwd: folder });
    });

    test("lets pnpm install RocksDB's package, whose script is refused", async () => {
      const [workspace] = ofKind("pnpm-workspace");
      const folder = join(project().folder, "pnpm");
      mkdirSync(folder);
      const manifest = readFileSync(join(repository, "packages/rocksdb/package.json"), "utf8");
      const { dependencies } = JSON.parse(manifest) as { dependencies: Record<string, string> };
      const [name] = Object.keys(dependencies).filter((one) => workspace.code.includes(one));
      const wanted = { private: true, dependencies: { [name]: dependencies[name] } };
      writeFileSync(join(folder, "package.json"), JSON.stringify(wanted));
      const options = { cwd: folder, path: [project().node22] };
      const install = ["install", "--prefer-offline"];
      await expect(runPnpm(install, options)).rejects.toThrow(/ERR_PNPM_IGNORED_BUILDS/);
      writeFileSync(join(folder, "pnpm-workspace.yaml"), workspace.code);
      await runPnpm(install, options);
      const load = `import(${JSON.stringify(name)}).then(({ RocksLevel }) => console.log(typeof RocksLevel))`;
      expect(await run("node", ["-e", load], options)).toBe("function\n");
    });

    test("of tests passes in Vitest", async () => {
      const folder = join(project().folder, "vitest");
      mkdirSync(folder);
      for (const block of ofKind("vitest"))
        writeFileSync(join(folder, fileOf(block).replace(".ts", ".test.ts")), block.code);
      const vitest = join(repository, "node_modules/vitest/vitest.mjs");
      const flags = ["--no-isolate", "--maxWorkers=1"]; // Millrace is loaded once
      await run("node", [vitest, "run", "--root", folder, ...flags], {
        cwd: folder,
        path: [project().node22],
      });
    }, 120_000);
  });

  beforeAll(() => {
    // Users have these of the registry, in the versions that are tried here.
    mkdirSync(join(project().folder, "node_modules/@types"), { recursive: true });
    for (const name of ["vitest", "@types/node"])
      symlinkSync(
        join(repository, "node_modules", name),
        join(project().folder, "node_modules", name),
      );
  });
}

function fileOf({ page, number }: Block): string {
  return `${page.replaceAll(/\W/g, "-")}-${number}.ts`;
}
