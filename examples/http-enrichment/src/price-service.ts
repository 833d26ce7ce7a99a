import { createServer, type Server } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

export interface PriceServiceOptions {
  readonly prices: Readonly<Record<string, number>>;
  /** How long an answer takes, in ms. */
  readonly delayMs: () => number;
  /** Whether a request fails, as services do now and then. */
  readonly isDown: () => boolean;
}

/** A service to try the example with: slow, and not always there. */
export class PriceService implements AsyncDisposable {
  requestCount = 0;
  failureCount = 0;
  readonly #server: Server;

  private constructor({ prices, delayMs, isDown }: PriceServiceOptions) {
    this.#server = createServer((request, response) => {
      this.requestCount += 1;
      const product = decodeURIComponent((request.url ?? "").replace("/prices/", ""));
      setTimeout(() => {
        const status = isDown() ? 503 : product in prices ? 200 : 404;
        if (status === 503) this.failureCount += 1;
        response.writeHead(status, { "content-type": "application/json" });
        response.end(JSON.stringify(status === 200 ? { price: prices[product] } : {}));
      }, delayMs());
    });
  }

  static async start(options: PriceServiceOptions): Promise<PriceService> {
    const service = new PriceService(options);
    service.#server.listen(0, "127.0.0.1");
    await once(service.#server, "listening");
    return service;
  }

  get address(): string {
    const { port } = this.#server.address() as AddressInfo; // of a server that listens to a port
    return `http://127.0.0.1:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}
