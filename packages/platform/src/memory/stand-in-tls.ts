import { invariant } from "@millrace/model";
import type { Connection, NetworkAddress } from "../network.ts";
import type { Clock, Timers } from "../platform.ts";
import type { ClientTls, ServerTls } from "../tls.ts";
import { clientHandshake, openServerTls, serverHandshake } from "./stand-in-handshake.ts";
import { StandInTlsConnection } from "./stand-in-tls-connection.ts";

type Accept = (connection: Connection) => void;

/**
 * TLS for networks that encrypt nothing: the same greetings, refusals and errors, over the bytes of any
 * connection. Its certificates are texts of its own (`standInIdentity`).
 */
export class StandInTls {
  readonly #timers: Pick<Timers, "after">;
  readonly #nowMs: () => number;

  constructor(timers: Pick<Timers, "after">, clock: Pick<Clock, "wallMs">) {
    this.#timers = timers;
    this.#nowMs = () => clock.wallMs();
  }

  /**
   * What a listener does with connections; without `tls` nothing.
   *
   * @throws NetworkError `TLS_SETTINGS_INVALID`
   */
  acceptor(
    accept: Accept,
    tls: ServerTls | undefined,
  ): { readonly accept: Accept; readonly renewTls: (tls: ServerTls) => void } {
    let opened = tls && openServerTls(tls);
    return {
      accept: (raw) => {
        if (opened === undefined) accept(raw);
        else
          accept(
            new StandInTlsConnection(raw, serverHandshake(opened, this.#nowMs), {
              timers: this.#timers,
              action: `serve ${raw.remoteAddress}`,
            }),
          );
      },
      renewTls: (next) => {
        invariant(opened !== undefined, "PLATFORM-9");
        opened = openServerTls(next);
      },
    };
  }

  /**
   * What a client does with a connection that was opened.
   *
   * @throws NetworkError `TLS_SETTINGS_INVALID`
   */
  greeting(
    tls: ClientTls,
    address: NetworkAddress,
  ): (raw: Connection, signal?: AbortSignal) => Promise<Connection> {
    const handshake = clientHandshake(tls, address, this.#nowMs);
    const action = `connect to ${address.host}:${address.port}`;
    return (raw, signal) =>
      new Promise((resolve, reject) => {
        const abort = () => {
          reject(signal?.reason);
          raw.destroy();
        };
        const settled = (error?: Error) => {
          signal?.removeEventListener("abort", abort);
          if (error === undefined) resolve(connection);
          else reject(error);
        };
        const shaking = { timers: this.#timers, action, settled };
        const connection = new StandInTlsConnection(raw, handshake, shaking);
        if (signal?.aborted) abort();
        else signal?.addEventListener("abort", abort, { once: true });
      });
  }
}
