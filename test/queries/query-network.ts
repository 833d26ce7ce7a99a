import {
  QueryError,
  type FetchHandler,
  type QueryTransport,
  type StreamsEnvironment,
} from "@millrace/streams";

/** Instances that reach each other's handlers by their addresses, until they are cut off. */
export class QueryNetwork {
  readonly secret = "known to all";
  readonly #handlers = new Map<string, FetchHandler>();
  /** Of whoever was asked. */
  readonly asked: string[] = [];

  /** What an instance of an address is given. */
  environment(address: string): Pick<StreamsEnvironment, "transport" | "serve"> {
    return {
      transport: this.#transport(),
      serve: (handler) => void this.#handlers.set(address, handler),
    };
  }

  cut(address: string): void {
    this.#handlers.delete(address);
  }

  #transport(): QueryTransport {
    const handlers = this.#handlers;
    const { asked, secret } = this;
    return {
      async *ask(address, body, signal) {
        asked.push(address);
        const headers = { authorization: `Bearer ${secret}` };
        const url = `http://${address}/millrace/query`;
        const response = await handlers.get(address)?.(
          new Request(url, { method: "POST", body, headers, signal }),
        );
        if (response?.status !== 200)
          throw new QueryError("INSTANCE_UNREACHABLE", `${address} is not there`);
        const text = await response.text();
        if (!handlers.has(address)) throw new QueryError("INSTANCE_UNREACHABLE", "it broke off");
        yield* text.split("\n").slice(0, -1);
      },
    };
  }
}
