import { parentPort, receiveMessageOnPort } from "node:worker_threads";
import { serveThread } from "../serve-thread.ts";

// What a worker thread runs. It has no exports: worker-threads.ts starts it by its URL, so there is a port.
const port = parentPort;
if (port !== null) {
  serveThread({
    post: (message) => port.postMessage(message),
    onMessage: (listener) => port.on("message", listener),
    receiveNow: () => receiveMessageOnPort(port),
  });
}
