// Uses a plugin in this thread and in worker threads, one after the other. Arguments: plugin, text.
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { openPlugin } from "@kindred/pjrt";

const [path, text] = isMainThread ? process.argv.slice(2) : workerData;
const client = (await openPlugin(path)).client();
const a = client.put(Float32Array.of(1, 2, 3, 4), { shape: [4] });
const [[sum]] = client.compile({ text }).execute([[a, a]]);
const result = await sum.read(new Float32Array(4));
if (!isMainThread) parentPort.postMessage([...result]);
else {
  const results = [[...result]];
  for (let i = 0; i < 3; i++) {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: [path, text] });
    worker.on("message", (message) => results.push(message));
    await new Promise((resolve, reject) => worker.on("exit", resolve).on("error", reject));
  }
  console.log(JSON.stringify(results));
}
