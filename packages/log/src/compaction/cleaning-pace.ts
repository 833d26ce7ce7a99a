/** Of a thorough look at some bytes: what has gone, so that others have a turn. */
export interface CleaningPace {
  /** Most bytes that are worked on in one go. */
  readonly sliceBytes: number;
  /**
   * Called between slices, with the bytes that were read and written since. Gives way to others, and throws where the
   * cleaning must end: then nothing has changed.
   */
  readonly rest: (bytes: number) => Promise<void>;
}
