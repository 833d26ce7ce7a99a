import { connect, type Socket } from "node:net";

import { Kafka, logLevel, type ISocketFactory } from "kafkajs";

/** A kafkajs instance as a service has it, whose connections a test can look at and hurt. */
export class KafkajsService {
  readonly kafka: Kafka;
  readonly #sockets = new Set<Socket>();

  constructor(address: string) {
    this.kafka = new Kafka({
      brokers: [address],
      logLevel: logLevel.NOTHING,
      connectionTimeout: 1000,
      requestTimeout: 5000,
      retry: { initialRetryTime: 50, retries: 3 },
      socketFactory: this.#connect,
    });
  }

  get connectionCount(): number {
    return this.#sockets.size;
  }

  /** As when a network goes away for a moment. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy(new Error("read ECONNRESET"));
  }

  /** What the broker answers does not arrive any more. */
  mute(): void {
    for (const socket of this.#sockets) socket.pause();
  }

  readonly #connect: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = connect({ host, port }, onConnect);
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    return socket;
  };
}
