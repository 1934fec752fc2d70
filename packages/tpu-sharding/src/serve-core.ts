import { ConfigError, type PlainError, toPlainError } from "@kindred/errors";
import type { CoreProgram, Handlers } from "./core-program.ts";
import type { MainPort } from "./main-port.ts";
import { meshCore } from "./mesh-core.ts";
import { type MeshMemory, stopCores } from "./mesh-memory.ts";
import type { CallMessage, CoreMessage, SetUpMessage } from "./mesh-messages.ts";
import { Rendezvous } from "./rendezvous.ts";

/** Runs in a core's thread: loads the program that main names, answers its calls, and on any error stops the other cores. */
export function serveCore(port: MainPort): void {
  let answer: (message: CallMessage) => Promise<unknown>;
  let rendezvous: Rendezvous;
  const send = (message: CoreMessage) => port.post(message);

  port.onMessage(async (received) => {
    const message = received as SetUpMessage | CallMessage;
    try {
      let result: unknown;
      if ("program" in message) {
        rendezvous = new Rendezvous(message.memory, message.index);
        rendezvous.startCall(0);
        const core = meshCore(rendezvous, (posted) => send({ type: "post", message: posted }));
        const handlers = await (await loadProgram(message.program))(core, message.data);
        answer = async ({ method, argument }) => handlers[method]!(argument);
        result = Object.keys(handlers);
      } else {
        rendezvous.startCall(message.call);
        result = await answer(message);
      }
      rendezvous.finishCall();
      send({ type: "done", call: message.call, result });
    } catch (thrown) {
      fail(send, { memory: rendezvous.memory, index: rendezvous.index }, thrown);
    }
  });
}

async function loadProgram(url: string): Promise<CoreProgram<unknown, Handlers>> {
  const program: unknown = (await import(/* @vite-ignore */ url)).default;
  if (typeof program === "function") return program as CoreProgram<unknown, Handlers>;
  throw new ConfigError(
    `startMesh: the program has no function to start. Got a default export of type ${typeof program} from ${url}, ` +
      "expected `export default async (core, data) => handlers`.",
    { program: url },
  );
}

function fail(
  send: (message: CoreMessage) => void,
  { memory, index }: { memory: MeshMemory; index: number },
  thrown: unknown,
): void {
  const first = stopCores(memory, index);
  const error: PlainError = toPlainError(thrown);
  try {
    send({ type: "failed", first, error });
  } catch {
    // Details that cannot be cloned: the message and the stack still can.
    send({ type: "failed", first, error: { ...error, details: {} } });
  }
}
