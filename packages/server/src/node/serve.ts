import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { ConfigError } from "@kindred/errors";
import type { EmbeddingServer } from "../create-server.ts";

/** Options of {@link serve}. */
export type ServeOptions = {
  /** The address to listen at. Default: `127.0.0.1`, which this machine alone can reach. */
  readonly host?: string;
  /** The port; 0 for any that is free. Default: 8080. */
  readonly port?: number;
  /** How long the whole of a request may take to arrive. Default: 10 s. */
  readonly requestTimeoutMs?: number;
  /** The most connections at once; further ones are closed. Default: 1024. */
  readonly maxConnections?: number;
};

/** A server that listens. */
export type RunningServer = {
  /** Where it is reached, `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Takes no more connections, answers what was begun, for up to `graceMs` (default 30 s), and then closes what is left. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
};

/**
 * Listens for requests to a server.
 *
 * @throws ConfigError if it cannot listen there.
 *
 * @example
 * ```ts ignore
 * import { loadSentenceEncoder } from "@kindred/sentence-encoder/node";
 * import { createServer } from "@kindred/server";
 * import { serve } from "@kindred/server/node";
 *
 * const encoder = await loadSentenceEncoder("my-model", { cores: 2 });
 * const running = await serve(createServer({ models: { "my-model": encoder } }));
 * running.url; // "http://127.0.0.1:8080"
 * await running.close();
 * ```
 */
export async function serve(
  { app, drain }: EmbeddingServer,
  { host = "127.0.0.1", port = 8080, requestTimeoutMs = 10_000, maxConnections = 1024 }: ServeOptions = {},
): Promise<RunningServer> {
  const limits = {
    requestTimeout: requestTimeoutMs,
    headersTimeout: Math.min(requestTimeoutMs, 10_000),
    connectionsCheckingInterval: Math.min(1000, requestTimeoutMs),
    keepAliveTimeout: 65_000, // longer than the minute of usual balancers, which reuse connections until then
    maxHeaderSize: 16_384,
  };
  const server = createHttpServer(limits, getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  server.maxConnections = maxConnections;
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(
      `serve: cannot listen at ${host}, port ${port}. Got ${reason}. Choose another port or host.`,
      {
        host,
        port,
      },
    );
  }
  const { port: chosen, family, address } = server.address() as AddressInfo; // it listens to no pipe
  const url = `http://${family === "IPv6" ? `[${address}]` : address}:${chosen}`;
  return {
    url,
    async close({ graceMs = 30_000 } = {}) {
      const closed = once(server, "close");
      server.close(); // and the connections that are idle
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      await drain();
      const sweep = setInterval(() => server.closeIdleConnections(), 20); // an answer is still on its way for a moment
      await closed;
      clearInterval(sweep);
      clearTimeout(timer);
    },
  };
}
