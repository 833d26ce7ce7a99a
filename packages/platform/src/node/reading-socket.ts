import { Socket, type SocketConstructorOpts } from "node:net";
import { invariant } from "@millrace/model";

/** What one read takes at most. */
const readBytesMax = 256 * 1024;

/**
 * Where all sockets of a thread are read into, one read after the other. Memory of its own for each read would make the
 * runtime look through its whole heap every few reads.
 */
const received = new Uint8Array(readBytesMax);

interface ReadingSocketOptions extends SocketConstructorOpts {
  /** `Socket` hands it to `Duplex`, which its own type does not say. */
  readonly highWaterMark: number;
}

/** A socket that hands out views of memory that the next read overwrites, of any socket. */
export class ReadingSocket extends Socket {
  receive: (chunk: Uint8Array) => void = () => {};

  constructor(options: ReadingSocketOptions) {
    const callback = (count: number) => {
      this.receive(received.subarray(0, count));
      return true;
    };
    super({ ...options, onread: { buffer: received, callback } });
  }

  /**
   * Takes over a connection that nothing was read from. Servers make their sockets themselves, and have no option for
   * how those read.
   */
  static adopt(accepted: Socket, highWaterMark: number): ReadingSocket {
    // What is handed from one socket to another: Node's own types leave it out.
    const owner = accepted as unknown as { _handle: SocketConstructorOpts["handle"] | null };
    const handle = owner._handle;
    invariant(handle !== undefined && handle !== null, "PLATFORM-8");
    owner._handle = null;
    return new ReadingSocket({ handle, highWaterMark });
  }
}
