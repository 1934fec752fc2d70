import { parentPort } from "node:worker_threads";
import { serveCore } from "../serve-core.ts";

// What a core's thread runs. It has no exports: start-mesh.ts starts it by its URL.
const port = parentPort!;
serveCore({ post: (message) => port.postMessage(message), onMessage: (listener) => port.on("message", listener) });
