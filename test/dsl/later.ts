/** What a processor does once its call is over, and what is thrown at it. */
export class Later {
  thrown: unknown;

  readonly do = (act: () => void): void => {
    void Promise.resolve().then(() => {
      try {
        act();
      } catch (thrown) {
        this.thrown = thrown;
      }
    });
  };
}
