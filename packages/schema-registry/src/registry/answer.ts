import { isPromise } from "@millrace/model";

/** What a registry in memory knows at once, and one behind HTTP later. */
export type Answer<T> = T | Promise<T>;

/** `await` without a wait where there is nothing to wait for. */
export function whenAnswered<T, U>(answer: Answer<T>, next: (value: T) => Answer<U>): Answer<U> {
  return isPromise(answer) ? (answer as Promise<T>).then(next) : next(answer as T);
}

/** One after the other. */
export function eachAnswered<T, U>(
  items: readonly T[],
  ask: (item: T) => Answer<U>,
): Answer<readonly U[]> {
  const found: U[] = [];
  const step = (index: number): Answer<readonly U[]> => {
    if (index === items.length) return found;
    return whenAnswered(ask(items[index]), (value) => {
      found.push(value);
      return step(index + 1);
    });
  };
  return step(0);
}

/** `catch`, of an answer now or later. */
export function caughtAnswer<T>(
  ask: () => Answer<T>,
  recover: (error: unknown) => Answer<T>,
): Answer<T> {
  try {
    const answer = ask();
    return isPromise(answer) ? (answer as Promise<T>).catch(recover) : answer;
  } catch (error) {
    return recover(error);
  }
}
