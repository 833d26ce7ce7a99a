/** A regular expression as RE2 has them: without look-around and back references, which take time without bound. */
export type PatternNode =
  | { readonly kind: "char"; readonly matches: (char: string) => boolean }
  | { readonly kind: "begin" | "end" }
  | { readonly kind: "sequence"; readonly nodes: readonly PatternNode[] }
  | { readonly kind: "either"; readonly nodes: readonly PatternNode[] }
  | {
      readonly kind: "repeat";
      readonly node: PatternNode;
      readonly min: number;
      readonly max: number;
    };

/** Largest count of `{n}`, as in RE2. */
const REPEAT_MAX = 1000;
/** Groups within groups: deeper ones would take the stack. */
const DEPTH_MAX = 200;
const classes = /^\\(?:[dDwWsS]|[pP]\{\^?\w+\})$/;
const punctuation = /^\\[^\p{L}\p{N}]$/u;
const controls: ReadonlyMap<string, string> = new Map([
  ["\\t", "\t"],
  ["\\n", "\n"],
  ["\\r", "\r"],
  ["\\f", "\f"],
]);

/** @throws SyntaxError */
export function parsePattern(pattern: string): PatternNode {
  return new PatternParser(pattern).parse();
}

class PatternParser {
  readonly #chars: readonly string[];
  #at = 0;
  #depth = 0;
  #flags = "u";

  constructor(pattern: string) {
    this.#chars = Array.from(pattern);
  }

  parse(): PatternNode {
    const whole = this.#either();
    if (this.#at < this.#chars.length) throw this.#fault();
    return whole;
  }

  #either(): PatternNode {
    if (++this.#depth > DEPTH_MAX) throw this.#fault();
    const nodes = [this.#sequence()];
    while (this.#accept("|")) nodes.push(this.#sequence());
    this.#depth--;
    return nodes.length === 1 ? nodes[0] : { kind: "either", nodes };
  }

  #sequence(): PatternNode {
    const nodes: PatternNode[] = [];
    for (;;) {
      const char = this.#chars[this.#at];
      if (char === undefined || char === "|" || char === ")") break;
      nodes.push(this.#repeated(this.#atom()));
    }
    return { kind: "sequence", nodes };
  }

  #repeated(node: PatternNode): PatternNode {
    const [min, max] = this.#counts() ?? [1, 1];
    if (min === 1 && max === 1) return node;
    // Greedy or not: the whole text matches or does not.
    this.#accept("?");
    if (["*", "+", "?"].includes(this.#chars[this.#at])) throw this.#fault();
    return { kind: "repeat", node, min, max };
  }

  #counts(): readonly [number, number] | undefined {
    if (this.#accept("*")) return [0, Number.POSITIVE_INFINITY];
    if (this.#accept("+")) return [1, Number.POSITIVE_INFINITY];
    if (this.#accept("?")) return [0, 1];
    const found = /^\{(\d{1,5})(,(\d{0,5}))?\}/.exec(this.#rest(14));
    if (found === null) return undefined;
    const [text, least, comma, most] = found;
    const min = Number(least);
    const max = comma === undefined ? min : most === "" ? Number.POSITIVE_INFINITY : Number(most);
    const isCounted = min <= REPEAT_MAX && (max === Number.POSITIVE_INFINITY || max <= REPEAT_MAX);
    if (!isCounted || max < min) throw this.#fault();
    this.#at += text.length;
    return [min, max];
  }

  #atom(): PatternNode {
    const char = this.#chars[this.#at++];
    switch (char) {
      case "(":
        return this.#group();
      case "[":
        return this.#charClass();
      case "\\":
        return this.#escape();
      case "^":
        return { kind: "begin" };
      case "$":
        return { kind: "end" };
      case ".":
        return this.#test(".");
      case "*":
      case "+":
      case "?":
        throw this.#fault();
      default:
        return this.#literal(char);
    }
  }

  #group(): PatternNode {
    const opening = /^\?(?:P?<\w+>|([is]*)([:)]))/.exec(this.#rest(64));
    if (opening === null && this.#chars[this.#at] === "?") throw this.#fault();
    const outer = this.#flags;
    if (opening !== null) {
      this.#at += opening[0].length;
      const [, added = "", end] = opening;
      this.#flags = [...new Set(this.#flags + added)].join("");
      // Flags without a group are those of what follows.
      if (end === ")") return { kind: "sequence", nodes: [] };
    }
    const inner = this.#either();
    if (!this.#accept(")")) throw this.#fault();
    this.#flags = outer;
    return inner;
  }

  #charClass(): PatternNode {
    const start = this.#at - 1;
    this.#accept("^");
    this.#accept("]");
    while (!this.#accept("]")) {
      if (this.#at >= this.#chars.length) throw this.#fault();
      this.#at += this.#chars[this.#at] === "\\" ? 2 : 1;
    }
    return this.#test(this.#chars.slice(start, this.#at).join(""));
  }

  #escape(): PatternNode {
    const char = this.#chars[this.#at++] ?? "";
    const isProperty = (char === "p" || char === "P") && this.#chars[this.#at] === "{";
    const end = isProperty ? this.#chars.indexOf("}", this.#at) + 1 : this.#at;
    const text = `\\${char}${this.#chars.slice(this.#at, Math.max(end, this.#at)).join("")}`;
    this.#at = Math.max(end, this.#at);
    if (classes.test(text)) return this.#test(text);
    if (text === "\\A") return { kind: "begin" };
    if (text === "\\z") return { kind: "end" };
    const control = controls.get(text);
    if (control !== undefined) return this.#literal(control);
    if (punctuation.test(text)) return this.#literal(char);
    throw this.#fault();
  }

  #literal(wanted: string): PatternNode {
    if (!this.#flags.includes("i")) return { kind: "char", matches: (char) => char === wanted };
    const folded = wanted.toLowerCase();
    return { kind: "char", matches: (char) => char.toLowerCase() === folded };
  }

  /** What one character may be: of one character even a backtracking engine makes short work. */
  #test(source: string): PatternNode {
    const test = new RegExp(`^(?:${source})$`, this.#flags);
    return { kind: "char", matches: (char) => test.test(char) };
  }

  #rest(count: number): string {
    return this.#chars.slice(this.#at, this.#at + count).join("");
  }

  #accept(char: string): boolean {
    if (this.#chars[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #fault(): SyntaxError {
    return new SyntaxError(`no regular expression at character ${this.#at}`);
  }
}
