// How a call says what it lacks. TypeScript has no errors of one's own: so where something is lost or missing, the
// parameter's type becomes the text of the advice, to which nothing is assignable, and the compiler prints it. What must
// be given stays optional for the count of arguments ("Expected 2 arguments, but got 1" says nothing): whether it is
// there is read from the tuple `O` of the options, which is inferred: `[]` where nothing was given, and the constraint
// itself in the compiler's first pass, which skips callbacks; that counts as given.

/** The tuple of an options argument that may be left out: what `O` is inferred from. */
export type Optional<Options> = readonly [options?: Options];

/**
 * The rest parameter for `O extends Optional<Options>`: `Options` for who calls, and `O` is inferred all the same. With
 * `...options: O` editors would complete no option, and one that is misspelled beside a right one would compile.
 */
export type Given<O extends readonly unknown[], Options> = {
  readonly [Index in keyof O]: [O[Index]] extends [never] ? O[Index] : Options;
};

/** Whether an option was given. */
export type Has<O extends readonly unknown[], Name extends PropertyKey> = O extends readonly []
  ? false
  : O extends readonly [infer Options]
    ? Name extends keyof NonNullable<Options>
      ? true
      : false
    : true;

/** As `Has`, and false in the compiler's first pass. */
export type Literally<O extends readonly unknown[], Name extends PropertyKey> = O extends readonly [
  infer Options,
]
  ? Name extends keyof NonNullable<Options>
    ? true
    : false
  : false;

/** What was given as an option; never if nothing was. */
export type Get<O extends readonly unknown[], Name extends PropertyKey> = O extends readonly [
  infer Options,
]
  ? Options extends { readonly [N in Name]: infer T }
    ? T
    : never
  : never;
