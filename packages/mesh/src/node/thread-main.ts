import { parentPort } from "node:worker_threads";
import { serveCore } from "../serve-core.ts";

// What a worker thread runs. It has no exports: spawn-thread.ts starts it by its URL, so there is a port.
const port = parentPort;
if (port !== null)
  serveCore({ post: (message) => port.postMessage(message), onMessage: (listener) => port.on("message", listener) });
