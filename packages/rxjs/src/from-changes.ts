import type { ChangesOptions, QueriesOf, QueryHandle, StreamsApp } from "@millrace/streams";
import {
  from,
  lastValueFrom,
  Observable,
  tap,
  type ObservableInput,
  type ObservedValueOf,
} from "rxjs";

import type { Project } from "./from-stream.ts";

/** Begins changes: `changes()`, `watch` or `watchRange` of a store's queries, with the signal that ends them. */
export type OpenChanges<Change> = (signal: AbortSignal) => AsyncIterable<Change>;

/**
 * The changes of a store as an Observable: what is in it, then each change. Cold: each subscription begins with what is
 * there, and reads for itself. While a subscriber is at work, until its `next` has returned, or what `project` gives is
 * complete, the next change waits in the cluster. Errors with what ends the changes.
 *
 * @param open called for each subscription
 * @example
 * fromChanges((signal) => app.store(counts, { signal }).changes())
 *   .subscribe(({ key, value }) => shown.set(key, value));
 */
export function fromChanges<Change, Input extends ObservableInput<unknown>>(
  open: OpenChanges<Change>,
  project: Project<Change, Input>,
): Observable<ObservedValueOf<Input>>;
export function fromChanges<Change>(open: OpenChanges<Change>): Observable<Change>;
export function fromChanges<Change>(
  open: OpenChanges<Change>,
  project?: Project<Change, ObservableInput<unknown>>,
): Observable<unknown> {
  return new Observable((subscriber) => {
    const ending = new AbortController();
    const give = async (): Promise<void> => {
      let index = 0;
      for await (const change of open(ending.signal)) {
        if (subscriber.closed) return;
        if (project === undefined) subscriber.next(change);
        else {
          const made = from(project(change, index++)).pipe(tap((one) => subscriber.next(one)));
          await lastValueFrom(made, { defaultValue: undefined });
        }
      }
      subscriber.complete();
    };
    give().catch((error: unknown) => {
      if (!ending.signal.aborted) subscriber.error(error);
    });
    subscriber.add(() => ending.abort());
  });
}

type Watched<Table> =
  QueriesOf<Table> extends { watch(key: infer Key): AsyncIterable<infer Change> }
    ? { readonly key: Key; readonly change: Change }
    : never;

/**
 * What a key of a table has, then each change of it: see `fromChanges`. Of windows and sessions, all those of the key.
 *
 * @example watch(app, counts, "ada").subscribe(({ value }) => show(value ?? 0));
 */
export function watch<Table extends QueryHandle>(
  app: Pick<StreamsApp, "store">,
  table: Table,
  key: Watched<Table>["key"],
): Observable<Watched<Table>["change"]> {
  return fromChanges((signal) => {
    // As its type says, what is asked of the table has changes of this kind.
    const queries = app.store(table, { signal }) as unknown as {
      watch(key: unknown): AsyncIterable<Watched<Table>["change"]>;
    };
    return queries.watch(key);
  });
}

type TableChange<Table> =
  QueriesOf<Table> extends { changes(): AsyncIterable<infer Change> } ? Change : never;

/**
 * What the store of a table holds, then each change of it, without gap or double wherever its tasks run, and move: see
 * `fromChanges`. Of the whole application, where `fromTable` sees what passes in this process.
 *
 * @param options where it begins: by default with what is there
 * @example fromStore(app, counts).subscribe(({ key, value }) => shown.set(key, value));
 */
export function fromStore<Table extends QueryHandle>(
  app: Pick<StreamsApp, "store">,
  table: Table,
  options: ChangesOptions = {},
): Observable<TableChange<Table>> {
  return fromChanges((signal) => {
    // As its type says.
    const queries = app.store(table, { signal }) as unknown as {
      changes(options: ChangesOptions): AsyncIterable<TableChange<Table>>;
    };
    return queries.changes(options);
  });
}
