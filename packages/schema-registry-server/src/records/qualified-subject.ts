/** A subject with its context: `:.blue:orders` is `orders` of `.blue`; the default context is left out. */
export interface QualifiedSubject {
  /** Begins with a dot; `*` stands for all of them. */
  readonly context: string;
  readonly subject: string;
}

export const defaultContext = ".";
/** Stands behind all contexts, for settings alone. */
export const globalContext = ".__GLOBAL";
/** Prefix of the subjects of all contexts. */
export const anyContext = ":*:";

const reserved: readonly string[] = ["__GLOBAL", "__EMPTY"];

export function parseSubject(text: string): QualifiedSubject {
  if (text.startsWith(anyContext)) return { context: "*", subject: text.slice(anyContext.length) };
  if (!text.startsWith(":.")) return { context: defaultContext, subject: text };
  const end = text.indexOf(":", 1);
  if (end < 0) return { context: text.slice(1), subject: "" };
  return { context: text.slice(1, end), subject: text.slice(end + 1) };
}

/** `:.blue:`, or nothing for the default context. */
export function contextPrefix(context: string): string {
  return context === defaultContext ? "" : `:${context}:`;
}

export function subjectText({ context, subject }: QualifiedSubject): string {
  return contextPrefix(context) + subject;
}

/** The one spelling of a subject: `:.:orders` is `orders`. */
export function normalSubject(text: string): string {
  return subjectText(parseSubject(text));
}

export function contextOf(subject: string): string {
  return parseSubject(subject).context;
}

/** What a schema of `parent` means by a subject: one of its own context, unless another is named. */
export function subjectBeside(parent: string, text: string): string {
  const { context, subject } = parseSubject(text);
  const own = context === defaultContext ? contextOf(parent) : context;
  return subjectText({ context: own, subject });
}

/** Whether a text names a whole context (or none: the default one). */
export function isWholeContext(text: string | undefined): boolean {
  return text === undefined || parseSubject(text).subject === "";
}

export function isDefaultContext(text: string): boolean {
  const { context, subject } = parseSubject(text);
  return context === defaultContext && subject === "";
}

/** Whether a subject can be registered under; `forSettings`: whether it can have settings. */
export function isValidSubject(
  text: string,
  { forSettings = false }: { readonly forSettings?: boolean } = {},
): boolean {
  const { context, subject } = parseSubject(text);
  return (
    !hasControlCharacters(text) &&
    !reserved.includes(subject) &&
    (forSettings || context !== globalContext)
  );
}

/** `blue`, `.blue` and `:.blue:` as `.blue`; undefined: no name of a context. */
export function contextName(text: string): string | undefined {
  const name = text.replace(/^:/, "").replace(/:$/, "");
  if (name.includes(":")) return undefined;
  return name.startsWith(".") ? name : `.${name}`;
}

export function hasControlCharacters(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
