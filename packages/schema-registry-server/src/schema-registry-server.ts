import { isLoopbackHost, serveHttp, type HttpOptions, type HttpServer } from "@millrace/http";
import { readOptions } from "@millrace/model";
import type { NetworkAddress, Platform } from "@millrace/platform";
import { nodePlatform } from "@millrace/platform/node";

import { RegistryCore } from "./registry-core.ts";
import { refusal } from "./rest/registry-app.ts";
import {
  registryServerOptionTable,
  type RegistryServerSettings,
  type SchemaRegistryServerOptions,
} from "./server-options.ts";

/**
 * A schema registry that Confluent's clients speak to, with its state in a compacted topic of a cluster: Millrace's or
 * Apache Kafka's.
 *
 * @example
 * await using registry = await SchemaRegistryServer.start({
 *   bootstrapServers: "localhost:9092",
 *   port: 8081,
 * });
 * console.log(registry.url); // http://127.0.0.1:8081
 */
export class SchemaRegistryServer implements AsyncDisposable {
  /** Such as `http://127.0.0.1:8081`. */
  readonly url: string;
  readonly address: NetworkAddress;
  readonly #core: RegistryCore;
  readonly #http: HttpServer;
  #closing: Promise<void> | undefined;

  private constructor(core: RegistryCore, http: HttpServer) {
    this.#core = core;
    this.#http = http;
    this.url = http.url;
    this.address = http.address;
  }

  /**
   * Listens, reads the topic, and joins the group; resolves when all that is done. Until the topic is read requests are
   * answered with 503, and changes wait for the group.
   *
   * @throws OptionError `UNKNOWN_OPTION`, `INVALID_OPTION`; NetworkError, such as `ADDRESS_IN_USE`; RegistryError
   * `STORE_FAILED`: the cluster is away, or the topic cannot be used; the signal's reason
   */
  static async start(
    options: SchemaRegistryServerOptions,
    platform: Platform = nodePlatform(),
  ): Promise<SchemaRegistryServer> {
    const settings = readOptions(registryServerOptionTable, options);
    const core = new RegistryCore(platform, settings);
    try {
      const http = await serveHttp(platform, core.app, {
        ...httpPart(settings),
        refuse: (status, message) => refusal(status, message),
      });
      const server = new SchemaRegistryServer(core, http);
      try {
        await core.open(http.address.port);
        return server;
      } catch (error) {
        await server.close();
        throw error;
      }
    } catch (error) {
      await core.close();
      throw error;
    }
  }

  /** Whether this one writes for its group. */
  get isLeader(): boolean {
    return this.#core.isLeader;
  }

  /** Lets requests under way end, leaves the group, and ends within a bound. Twice is fine. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #close(): Promise<void> {
    this.#core.beginClose();
    await this.#http.close();
    await this.#core.close();
  }
}

function httpPart(settings: RegistryServerSettings): HttpOptions {
  const { host, port, tls, signIn, allowInsecure, allowedHosts, advertisedHost } = settings;
  const { connectionsMax, requestsMax, bodyBytesMax } = settings;
  // The other members call it by that name; beyond loopback any name will do, unless names are given.
  const isChecked = allowedHosts !== undefined || isLoopbackHost(host);
  const names = advertisedHost === undefined ? [] : [advertisedHost];
  const called = isChecked ? { allowedHosts: [...(allowedHosts ?? []), ...names] } : {};
  const where = { host, port, tls, signIn, allowInsecure, ...called };
  return { ...where, connectionsMax, requestsMax, bodyBytesMax };
}
