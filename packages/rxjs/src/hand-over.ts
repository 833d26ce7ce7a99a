import {
  from,
  takeWhile,
  type Observable,
  type ObservableInput,
  type Subscriber,
  type Subscription,
} from "rxjs";

/** What is made of a record, whatever its type. */
export type AnyProject = (record: never, index: number) => ObservableInput<unknown>;

/**
 * Gives a subscriber a record, or what is made of it.
 *
 * @returns the work on it; undefined: it is done
 */
export function handOver(
  subscriber: Subscriber<unknown>,
  record: unknown,
  index: number,
  project: AnyProject | undefined,
): Subscription | undefined {
  if (project === undefined) {
    subscriber.next(record);
    return undefined;
  }
  let made: Observable<unknown>;
  try {
    made = from(project(record as never, index)); // the record is of the type that its caller has declared
  } catch (error) {
    subscriber.error(error);
    return undefined;
  }
  // What comes without end, and all at once, ends with its subscriber.
  const work = made.pipe(takeWhile(() => !subscriber.closed)).subscribe({
    next: (value) => subscriber.next(value),
    error: (error) => subscriber.error(error),
  });
  if (work.closed) return undefined;
  subscriber.add(work);
  work.add(() => subscriber.remove(work));
  return work;
}
