/** How instances of an application ask each other; the package that composes brings one. */
export interface QueryTransport {
  /**
   * Sends a request to an instance and gives the lines of its answer as they come.
   *
   * @param address `host:port`
   * @throws QueryError `INSTANCE_UNREACHABLE`, `QUERY_REFUSED`; the signal's reason
   */
  ask(address: string, request: string, signal: AbortSignal): AsyncIterable<string>;
}
