/** Work one after the other: a leader's changes see each other's outcomes, and no change is under way while it joins. */
export class WriteTurns {
  #last: Promise<unknown> = Promise.resolve();

  take<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {}); // told to who asked
    return turn;
  }
}
