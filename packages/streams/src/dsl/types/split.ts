import type { Guard, SynchronousPredicate } from "./callback-types.ts";
import type { Otherwise } from "../operators/split.ts";

type Guarded<P> = P extends Guard<infer V2> ? V2 : never;

/** The branches, of which none may give a promise: it would always hold. */
export type SynchronousBranches<B> = {
  readonly [Name in keyof B]: B[Name] extends Otherwise
    ? B[Name]
    : SynchronousPredicate<B[Name], "split">;
};

/** What a branch carries: what its type guard guards, all if it has none; of `otherwise`, what the guards left. */
export type BranchValue<V, B, Name extends keyof B> = B[Name] extends Otherwise
  ? Exclude<V, { [N in keyof B]: Guarded<B[N]> }[keyof B]>
  : [Guarded<B[Name]>] extends [never]
    ? V
    : Guarded<B[Name]>;
