import { describe, expect, test } from "vitest";

import { fileCircles } from "./circles.ts";
import {
  browserSafe,
  circleOfTypes,
  folderOrder,
  nodeOnlyFolders,
  packageLayers,
  worldExceptions,
} from "./layers.ts";
import { importsOf, isTest, packageOf, sourceFiles, type SourceFile } from "./source-files.ts";

const files = sourceFiles();
const sources = files.filter((file) => !isTest(file.path) && !file.path.includes("/conformance/"));

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(^|[^:"'`])\/\/.*$/gm, "$1");
}

/** Comments and the texts of strings are no code. */
function codeOf(text: string): string {
  return withoutComments(text)
    .replaceAll(/"(?:[^"\\\n]|\\.)*"/g, '""')
    .replaceAll(/`[^`$]*`/g, '""');
}

function offenders(
  candidates: readonly SourceFile[],
  offends: (file: SourceFile) => string | undefined,
): readonly string[] {
  return candidates.flatMap((file) => {
    const offence = offends(file);
    return offence === undefined ? [] : [`${file.path}: ${offence}`];
  });
}

describe("layers", () => {
  test("a package imports only what the table of layers allows", () => {
    const found = offenders(sources, (file) => {
      const name = packageOf(file.path);
      if (name === undefined) return undefined;
      const allowed = packageLayers[name];
      if (allowed === undefined) return "the package is not in the table of layers";
      const wrong = importsOf(file.text).filter((module) => {
        const target =
          /^@millrace\/([^/]+)/.exec(module)?.[1] ?? (module === "millrace" ? module : "");
        return target !== "" && !allowed.includes(target);
      });
      return wrong.length === 0 ? undefined : `imports ${wrong.join(", ")}`;
    });
    expect(found).toEqual([]);
  });

  test("folders inside a package point down", () => {
    const found = offenders(sources, (file) => {
      const name = packageOf(file.path);
      const order = name === undefined ? undefined : folderOrder[name];
      if (order === undefined) return undefined;
      const own = order.indexOf(file.path.split("/")[3]);
      const wrong = importsOf(file.text).filter((module) => {
        const folder = /^(?:\.\.\/)+([^./][^/]*)\//.exec(module)?.[1];
        return folder !== undefined && own >= 0 && order.indexOf(folder) > own;
      });
      return wrong.length === 0 ? undefined : `imports upward: ${wrong.join(", ")}`;
    });
    expect(found).toEqual([]);
  });

  test("every package with several folders has them in order", () => {
    const folders = Map.groupBy(
      sources.filter(({ path }) => /^packages\/[^/]+\/src\/[^/]+\//.test(path)),
      ({ path }) => packageOf(path) ?? "",
    );
    const found = [...folders].flatMap(([name, files]) => {
      const own = new Set(files.map(({ path }) => path.split("/")[3]));
      const missing = [...own].filter((folder) => !(folderOrder[name] ?? []).includes(folder));
      return own.size > 1 && missing.length > 0 ? [`${name}: ${missing.join(", ")}`] : [];
    });
    expect(found).toEqual([]);
  });

  test("no files import each other in a circle, not for their types either", () => {
    const isAllowed = (circle: readonly string[]): boolean =>
      circle.every((path) => path.startsWith(circleOfTypes));
    expect(fileCircles(sources).filter((circle) => !isAllowed(circle))).toEqual([]);
  });

  test("the folder of types that may be a circle holds types alone", () => {
    const found = sources.filter(
      ({ path, text }) =>
        path.startsWith(circleOfTypes) && /^export (?!type |interface )/m.test(codeOf(text)),
    );
    expect(found.map(({ path }) => path)).toEqual([]);
  });

  test("code does not import its own package's entry", () => {
    const found = offenders(sources, (file) =>
      importsOf(file.text).some((module) => /^(\.\.?\/)+index\.ts$/.test(module))
        ? "imports an index.ts"
        : undefined,
    );
    expect(found).toEqual([]);
  });
});

describe("the world", () => {
  const banned =
    /\b(?:Date\b(?!\w)|performance\.|Math\.random|setTimeout|setInterval|setImmediate|process\.|AbortSignal\.timeout|crypto\.(?:random|getRandom|subtle)|import\()/;

  test("is touched through Platform alone", () => {
    const found = offenders(sources, (file) => {
      if (Object.keys(worldExceptions).some((prefix) => file.path.startsWith(prefix)))
        return undefined;
      const match = banned.exec(codeOf(file.text));
      const module = importsOf(file.text).find((name) =>
        /^node:(?:fs|net|worker_threads|process|timers|perf_hooks|crypto|tls|dns|os|child_process)/.test(
          name,
        ),
      );
      return match?.[0] ?? module;
    });
    expect(found).toEqual([]);
  });

  test("signals are joined by JoinedSignal, which leaves nothing behind", () => {
    const found = offenders(sources, ({ text }) => /\bAbortSignal\.any\b/.exec(codeOf(text))?.[0]);
    expect(found).toEqual([]);
  });

  test("browser-safe packages know nothing of Node", () => {
    const found = offenders(sources, (file) => {
      const name = packageOf(file.path);
      if (name === undefined || !browserSafe.includes(name)) return undefined;
      if (nodeOnlyFolders.some((folder) => file.path.startsWith(folder))) return undefined;
      if (/\bBuffer\b/.test(codeOf(file.text))) return "uses Buffer";
      return importsOf(file.text).find((module) => module.startsWith("node:"));
    });
    expect(found).toEqual([]);
  });
});

describe("files", () => {
  test("are at most 500 lines long, nine in ten under 300", () => {
    const lengths = files.map((file) => ({ path: file.path, lines: file.text.split("\n").length }));
    expect(lengths.filter(({ lines }) => lines > 501)).toEqual([]);
    const long = lengths.filter(({ lines }) => lines > 301);
    expect(long.length, long.map(({ path }) => path).join(", ")).toBeLessThanOrEqual(
      lengths.length / 10,
    );
  });

  test("have no index.ts but the entry, and none exports by star", () => {
    const found = offenders(sources, (file) => {
      if (/^packages\/[^/]+\/src\/.+\/index\.ts$/.test(file.path) && !isDeclaredEntry(file.path)) {
        return "is an index.ts inside a package";
      }
      return /^export \*/m.test(file.text) ? "exports by star" : undefined;
    });
    expect(found).toEqual([]);
  });

  test("take the message of what was thrown from messageOf, which knows that anything can be", () => {
    const found = offenders(files, ({ path, text }) =>
      /\binstanceof Error\s*\?\s*\w+\.message\s*:\s*(?:String\(|`)/.test(text) &&
      packageOf(path) !== undefined
        ? "asks for it itself"
        : undefined,
    );
    expect(found).toEqual([]);
  });

  test("speak of the project alone: no path of anybody's machine", () => {
    const places = ["home", "Users", "root", "work", "tmp/work"].join("|");
    const path = new RegExp(`(?:^|[^\\w.}/])/(?:${places})/\\w+`, "m");
    const found = offenders(files, (file) => path.exec(file.text)?.[0]);
    expect(found).toEqual([]);
  });
});

describe("names", () => {
  test("of constants are written as those of all values", () => {
    const found = offenders(files, (file) =>
      /^\s*(?:export )?const [A-Z][A-Z0-9_]* *[:=]/m.exec(codeOf(file.text))?.[0].trim(),
    );
    expect(found).toEqual([]);
  });

  test("of events are the package's, a dot, and words with hyphens", () => {
    const call = /\blog\(\s*(?:"(?:debug|info|warn|error)"|[^,()"]+),\s*([^;{]*?)(?:,|\))/g;
    const found = offenders(sources, (file) => {
      const name = packageOf(file.path);
      if (name === undefined) return undefined;
      const events = Array.from(
        withoutComments(file.text).matchAll(call),
        ([, given]) => given,
      ).flatMap((given) => Array.from(given.matchAll(/"([^"]+)"/g), ([, event]) => event));
      return events.find((event) => !new RegExp(`^${name}\\.[a-z]+(?:-[a-z]+)*$`).test(event));
    });
    expect(found).toEqual([]);
  });
});

function isDeclaredEntry(path: string): boolean {
  return /^packages\/(?:platform\/src\/(?:node|memory)|protocol\/src\/(?:definitions|records|wire)|testing\/src\/(?:cluster|simulate)|[^/]+\/src\/conformance)\/index\.ts$/.test(
    path,
  );
}
