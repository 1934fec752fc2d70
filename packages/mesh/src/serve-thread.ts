import { coreServer } from "./serve-core.ts";
import { poolServer } from "./serve-pool.ts";
import type { MainPort } from "./thread.ts";

/** Makes a thread what its first message says: a core of a mesh or a worker of a pool. */
export function serveThread(port: MainPort): void {
  let receive: ((message: unknown) => unknown) | undefined;
  port.onMessage((message) => {
    const isPool = typeof message === "object" && message !== null && "pool" in message;
    receive ??= isPool ? poolServer(port) : coreServer(port);
    receive(message);
  });
}
