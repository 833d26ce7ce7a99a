/**
 * An answer that may take as long as a rebalance, or another one once the connection is closed or
 * the broker closes: nobody waits for the group then.
 */
export function answerUntilClosed<Answer>(
  signal: AbortSignal,
  answer: Promise<Answer>,
  otherwise: () => Answer,
): Promise<Answer> {
  if (signal.aborted) return Promise.resolve(otherwise());
  return new Promise((resolve, reject) => {
    const close = () => resolve(otherwise());
    signal.addEventListener("abort", close, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener("abort", close));
  });
}
