import { posix } from "node:path";

import { importsOf, type SourceFile } from "./source-files.ts";

/** Groups of files that import each other in a circle, types included. */
export function fileCircles(files: readonly SourceFile[]): readonly (readonly string[])[] {
  const paths = new Set(files.map(({ path }) => path));
  const imports = new Map(
    files.map(({ path, text }) => [
      path,
      importsOf(text)
        .filter((module) => module.startsWith("."))
        .map((module) => posix.normalize(posix.join(posix.dirname(path), module)))
        .filter((target) => paths.has(target)),
    ]),
  );
  return circlesOf(imports);
}

/** Strongly connected groups of more than one, after Tarjan. */
function circlesOf(graph: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const numbers = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const lower = (node: string, to: number): void => {
    lowest.set(node, Math.min(lowest.get(node) ?? to, to));
  };
  const visit = (node: string): void => {
    const number = numbers.size;
    numbers.set(node, number);
    lower(node, number);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!numbers.has(next)) visit(next);
      if (stack.includes(next)) lower(node, lowest.get(next) ?? number);
    }
    if (lowest.get(node) !== number) return;
    const circle = stack.splice(stack.indexOf(node));
    if (circle.length > 1) circles.push(circle.toSorted());
  };
  for (const node of graph.keys()) if (!numbers.has(node)) visit(node);
  return circles;
}
