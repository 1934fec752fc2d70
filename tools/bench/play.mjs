// The process of one contestant: `node play.mjs <name of a module in contestants/>`.
//
// Requests come as JSON lines on standard input, answers go as JSON lines to file descriptor 3, so that whatever a library
// prints on standard output disturbs nobody. A contestant in another language speaks the same protocol.
import { createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { clocks, since } from "./clocks.mjs";

/** @typedef {import("./contestant.mjs").Contestant} Contestant */
/** @typedef {{ prepare?: unknown, measure?: number, cpuTime?: boolean, sample?: true }} Request */

const answers = createWriteStream("", { fd: 3 });
/** @type {Contestant | undefined} */
let contestant;

for await (const line of createInterface({ input: process.stdin })) {
  try {
    answers.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
    answers.write(`${JSON.stringify(name === "CannotError" ? { cannot: message } : { error: stack ?? message })}\n`);
  }
}
await contestant?.close?.();
process.exit(); // Whatever threads or handles a library keeps.

/** @param {Request} request */
async function answer(request) {
  if ("prepare" in request) {
    const { default: enter } = await import(`./contestants/${process.argv[2]}.mjs`);
    contestant = /** @type {Contestant} */ (await enter(request.prepare));
    return { name: contestant.name, node: process.versions.node };
  }
  if (contestant === undefined) throw new Error("play: asked to work before it was prepared.");
  if (request.sample) return { sample: Array.from(contestant.sample?.() ?? []) };
  const begin = clocks();
  const amount = await contestant.measure(request.measure ?? 0);
  const { elapsed, processor } = since(begin);
  return { amount, seconds: request.cpuTime ? processor : elapsed };
}
