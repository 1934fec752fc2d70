import { parentPort, workerData } from "node:worker_threads";

// Gives a worker thread the globals of a web worker, and runs the module that it is told.
const target = new EventTarget();
const dispatch = (type, fields) => target.dispatchEvent(Object.assign(new Event(type), fields));
Object.assign(globalThis, {
  addEventListener: target.addEventListener.bind(target),
  postMessage: (message) => parentPort.postMessage(message),
  reportError: (error) =>
    setImmediate(() => {
      throw error;
    }),
});
process.on("unhandledRejection", (reason) => dispatch("unhandledrejection", { reason }));
await import(workerData);
// Only now, as on the Web: messages wait until the module has run.
parentPort.on("message", (data) => dispatch("message", { data }));
