/** What a regular expression of JavaScript costs at worst, and what it is to an engine that takes linear time. */
export interface ScannedPattern {
  /**
   * The same in RE2's syntax, letter classes spelled out as JavaScript has them. Undefined: it looks around or back,
   * which no linear engine does.
   */
  readonly linear: string | undefined;
  /**
   * Ways to try that backtracking may take: `ways`, times the text's length for each of `repeats`. Undefined: groups
   * are repeated or named again, and there is no such bound.
   */
  readonly cost: { readonly ways: number; readonly repeats: number } | undefined;
}

/** The source must be a regular expression of JavaScript: this reads it, and checks nothing. */
export function scanPattern(source: string): ScannedPattern {
  return new PatternScanner(source).scan();
}

class PatternScanner {
  readonly #source: string;
  #at = 0;
  #linear = "";
  #isLinear = true;
  #isBounded = true;
  #ways = 1;
  #repeats = 0;
  /** Branches of the groups that are open, the pattern itself first. */
  readonly #branches: number[] = [1];
  #hasBranchesOnTop = false;

  constructor(source: string) {
    this.#source = source;
  }

  scan(): ScannedPattern {
    while (this.#at < this.#source.length) this.#token();
    this.#ways *= this.#branches[0];
    const isAnchored = this.#source.startsWith("^") && !this.#hasBranchesOnTop;
    const repeats = this.#repeats + (isAnchored ? 0 : 1);
    return {
      linear: this.#isLinear ? this.#linear : undefined,
      cost: this.#isBounded ? { ways: this.#ways, repeats } : undefined,
    };
  }

  #token(): void {
    const sign = this.#next();
    if (sign === "(") return this.#open();
    if (sign === "|") return this.#branch();
    if (sign === ")") return this.#close();
    if (sign === "^" || sign === "$") {
      this.#linear += sign;
      return;
    }
    if (sign === "[") this.#linear += this.#class();
    else if (sign === "\\") this.#linear += this.#escape();
    else this.#linear += sign === "." ? anyButLineEnds : literal(sign);
    this.#quantifier("sign");
  }

  #open(): void {
    const prefix = /\?(?:[:=!]|<[=!]|<[^>]*>)/y;
    prefix.lastIndex = this.#at;
    const [found] = prefix.exec(this.#source) ?? [""];
    this.#at += found.length;
    if (/^\?<?[=!]$/.test(found)) this.#isLinear = false;
    // Names of groups matter to those who look at what was found.
    this.#linear += "(?:";
    this.#branches.push(1);
  }

  #branch(): void {
    this.#branches[this.#branches.length - 1] += 1;
    this.#hasBranchesOnTop ||= this.#branches.length === 1;
    this.#linear += "|";
  }

  #close(): void {
    this.#ways *= this.#branches.pop() ?? 1;
    this.#linear += ")";
    this.#quantifier("group");
  }

  #quantifier(of: "sign" | "group"): void {
    const quantifier = /(?:[*+?]|\{(\d+)(?:(,)(\d*))?\})\??/y;
    quantifier.lastIndex = this.#at;
    const found = quantifier.exec(this.#source);
    if (found === null) return;
    const [text, least = "0", comma, most] = found;
    this.#at += text.length;
    this.#linear += text;
    if (of === "group") this.#isBounded = false;
    else if (/^[*+]/.test(text) || (comma !== undefined && most === "")) this.#repeats += 1;
    else if (text.startsWith("?")) this.#ways *= 2;
    else if (comma !== undefined) this.#ways *= Number(most) - Number(least) + 1;
  }

  #class(): string {
    const isNegated = this.#source[this.#at] === "^";
    if (isNegated) this.#at += 1;
    let members = "";
    while (this.#at < this.#source.length && this.#source[this.#at] !== "]") {
      const sign = this.#next();
      // Between two signs a hyphen makes a range, elsewhere it stands for itself: RE2 sees it alike.
      if (sign === "\\") members += this.#escape("class");
      else members += sign === "-" ? sign : literal(sign);
    }
    this.#at += 1;
    if (members !== "") return `[${isNegated ? "^" : ""}${members}]`;
    return isNegated ? anything : nothing;
  }

  #escape(where: "class" | "outside" = "outside"): string {
    const code = /u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|c([a-zA-Z])|0(?![0-9])/y;
    code.lastIndex = this.#at;
    const found = code.exec(this.#source);
    if (found !== null) {
      this.#at += found[0].length;
      const [, braced, four, two, control] = found;
      if (control !== undefined) return literal(String.fromCharCode(control.charCodeAt(0) % 32));
      return hexadecimal(Number.parseInt(braced ?? four ?? two ?? "0", 16));
    }
    return this.#letterEscape(this.#next(), where);
  }

  #letterEscape(letter: string, where: "class" | "outside"): string {
    if (letter === "s") return where === "class" ? blanks : `[${blanks}]`;
    if (letter === "S" && where === "outside") return `[^${blanks}]`;
    if (letter === "S") this.#isLinear = false;
    if (letter === "b" && where === "class") return hexadecimal(8);
    if ("dDwWbBfnrtv".includes(letter)) return `\\${letter}`;
    if (letter === "p" || letter === "P") return `\\${letter}${this.#braced()}`;
    if (!/[1-9k]/.test(letter)) return literal(letter);
    this.#isLinear = false;
    this.#isBounded = false;
    return "";
  }

  /** What stands in braces next, with them. */
  #braced(): string {
    const end = this.#source.indexOf("}", this.#at);
    const text = this.#source.slice(this.#at, end + 1);
    this.#at += text.length;
    return text;
  }

  #next(): string {
    const sign = String.fromCodePoint(this.#source.codePointAt(this.#at) ?? 0);
    this.#at += sign.length;
    return sign;
  }
}

function literal(sign: string): string {
  return /^[A-Za-z0-9 _]$/.test(sign) ? sign : hexadecimal(sign.codePointAt(0) ?? 0);
}

function hexadecimal(code: number): string {
  return `\\x{${code.toString(16)}}`;
}

const anyButLineEnds = "[^\\n\\r\\x{2028}\\x{2029}]";
const anything = "[\\x{0}-\\x{10ffff}]";
const nothing = "[^\\x{0}-\\x{10ffff}]";
const blanks =
  "\\t\\n\\v\\f\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}";
