import { parsePattern, type PatternNode } from "./parse-pattern.ts";

/** Most steps of a pattern; each character of a text may cost them all. */
const STEPS_MAX = 2000;

type Step =
  | { readonly kind: "char"; readonly matches: (char: string) => boolean }
  | { readonly kind: "begin" | "end" | "done" }
  | { readonly kind: "split"; readonly targets: readonly number[] };

/**
 * Matches whole texts in a time that grows with their length (Kafka: RE2/J). The language's own expressions try every
 * way one after the other: `(a+)+b` would hold the broker for good.
 */
export class LinearPattern {
  readonly #steps: Step[] = [];

  /** @throws SyntaxError */
  constructor(pattern: string) {
    this.#compile(parsePattern(pattern));
    this.#add({ kind: "done" });
  }

  matches(text: string): boolean {
    const chars = Array.from(text);
    let steps = this.#reachable([0], { isBegin: true, isEnd: chars.length === 0 });
    for (const [index, char] of chars.entries()) {
      if (steps.size === 0) return false;
      const next: number[] = [];
      for (const at of steps) {
        const step = this.#steps[at];
        if (step.kind === "char" && step.matches(char)) next.push(at + 1);
      }
      steps = this.#reachable(next, { isBegin: false, isEnd: index === chars.length - 1 });
    }
    for (const at of steps) if (this.#steps[at].kind === "done") return true;
    return false;
  }

  /** All steps that are there without another character. */
  #reachable(
    from: readonly number[],
    place: { readonly isBegin: boolean; readonly isEnd: boolean },
  ): Set<number> {
    const found = new Set<number>();
    const open = [...from];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      if (found.has(at)) continue;
      found.add(at);
      const step = this.#steps[at];
      if (step.kind === "split") open.push(...step.targets);
      else if (step.kind === "begin" && place.isBegin) open.push(at + 1);
      else if (step.kind === "end" && place.isEnd) open.push(at + 1);
    }
    return found;
  }

  #add(step: Step): number {
    if (this.#steps.length >= STEPS_MAX) throw new SyntaxError("the pattern is too large");
    return this.#steps.push(step) - 1;
  }

  #compile(node: PatternNode): void {
    switch (node.kind) {
      case "char":
      case "begin":
      case "end":
        this.#add(node);
        return;
      case "sequence":
        for (const one of node.nodes) this.#compile(one);
        return;
      case "either":
        return this.#compileEither(node.nodes);
      case "repeat":
        for (let count = 0; count < node.min; count++) this.#compile(node.node);
        if (node.max === Number.POSITIVE_INFINITY) this.#compileLoop(node.node);
        else for (let count = node.min; count < node.max; count++) this.#compileOptional(node.node);
    }
  }

  #compileEither(nodes: readonly PatternNode[]): void {
    const starts: number[] = [];
    const ends: number[][] = [];
    this.#add({ kind: "split", targets: starts });
    for (const node of nodes) {
      starts.push(this.#steps.length);
      this.#compile(node);
      const end: number[] = [];
      ends.push(end);
      this.#add({ kind: "split", targets: end });
    }
    for (const end of ends) end.push(this.#steps.length);
  }

  #compileLoop(node: PatternNode): void {
    const targets: number[] = [];
    const start = this.#add({ kind: "split", targets });
    this.#compile(node);
    this.#add({ kind: "split", targets: [start] });
    targets.push(start + 1, this.#steps.length);
  }

  #compileOptional(node: PatternNode): void {
    const targets: number[] = [];
    const start = this.#add({ kind: "split", targets });
    this.#compile(node);
    targets.push(start + 1, this.#steps.length);
  }
}
