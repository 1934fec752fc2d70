import { MeshError } from "@kindred/errors";
import {
  type Collective,
  describeTicket,
  expectAgreement,
  type MeshMemory,
  missingCores,
  offeredElements,
  type Ticket,
  ticketPlace,
  wakeCores,
  word,
  writeTicket,
} from "./mesh-memory.ts";

/**
 * One core's side of the place where cores meet: a barrier at which each core says what it is about to do.
 *
 * Meetings alternate between two sets of tickets and two halves of scratch. A core can be at most one meeting ahead of another,
 * so what it wrote for meeting k stays untouched until every core has reached meeting k + 1: one barrier a piece is enough.
 *
 * @see Mellor-Crummey and Scott 1991, "Algorithms for scalable synchronization on shared-memory multiprocessors", §3: the
 *   central barrier; the generation counter stands for the reversed sense.
 */
export class Rendezvous {
  readonly memory: MeshMemory;
  readonly index: number;
  /** This core's own part of the scratch. */
  readonly scratch: SharedArrayBuffer;
  #words: Int32Array;
  #call = 0;
  #sequence = 0;
  #meetings = 0;

  constructor(memory: MeshMemory, index: number) {
    const scratch = memory.scratch[index];
    if (scratch === undefined) throw new MeshError(index, `startMesh: no such core. Got ${index} of ${memory.size}.`);
    this.memory = memory;
    this.index = index;
    this.scratch = scratch;
    this.#words = new Int32Array(memory.words);
  }

  /** Which half of scratch and which tickets belong to the coming meeting. */
  get parity(): 0 | 1 {
    return (this.#meetings & 1) as 0 | 1;
  }

  /** The running number of a new collective. */
  begin(): number {
    this.#sequence = (this.#sequence + 1) | 0;
    return this.#sequence;
  }

  /** Waits for all cores. Returns how many elements each brings. Throws if they disagree, if one fails or leaves. */
  meet(ticket: Ticket, piece = 0): readonly number[] {
    const { size } = this.memory;
    const words = this.#words;
    const parity = this.parity;
    this.#meetings++;
    this.#throwIfStopped(ticket.collective);
    writeTicket(words, ticketPlace(size, this.index, parity), ticket, this.#sequence, piece);
    const generation = Atomics.load(words, word.generation);
    if (Atomics.add(words, word.arrived, 1) === size - 1) {
      Atomics.store(words, word.arrived, 0);
      Atomics.add(words, word.generation, 1);
      wakeCores(words);
    } else {
      this.#wait(generation, ticket.collective, parity);
    }
    expectAgreement(words, size, parity);
    return offeredElements(words, size, parity);
  }

  /** Names the call that this core works on from now on. */
  startCall(call: number): void {
    this.#call = call;
  }

  /** Says that this core will meet nobody any more in this call. */
  finishCall(): void {
    Atomics.store(this.#words, word.finished + this.index, this.#call + 1);
    wakeCores(this.#words);
  }

  #wait(generation: number, collective: Collective, parity: 0 | 1): void {
    const words = this.#words;
    const { spins, timeoutMs } = this.memory;
    for (let spin = 0; spin < spins; spin++) if (Atomics.load(words, word.generation) !== generation) return;
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const signal = Atomics.load(words, word.signal); // before the checks: what changes after them changes the signal too
      if (Atomics.load(words, word.generation) !== generation) return;
      this.#throwIfStopped(collective);
      this.#throwIfLeftAlone(generation, parity);
      if (Atomics.wait(words, word.signal, signal, Math.max(0, deadline - performance.now())) === "timed-out") {
        this.#throwTimeout(parity);
      }
    }
  }

  #throwIfStopped(collective: Collective): void {
    const reason = Atomics.load(this.#words, word.stopped);
    if (reason === 0) return;
    if (reason < 0) throw new MeshError(-1, `${collective}: core ${this.index} was stopped, the mesh is closed.`);
    const failed = reason - 1;
    throw new MeshError(failed, `${collective}: core ${this.index} was stopped because core ${failed} failed.`);
  }

  #throwIfLeftAlone(generation: number, parity: 0 | 1): void {
    const words = this.#words;
    for (let core = 0; core < this.memory.size; core++) {
      if (core === this.index || Atomics.load(words, word.finished + core) !== this.#call + 1) continue;
      // It may have left after this very meeting was complete.
      if (Atomics.load(words, word.generation) !== generation) return;
      const own = describeTicket(words, ticketPlace(this.memory.size, this.index, parity));
      throw new MeshError(
        core,
        `${own}: core ${core} will not come. Got core ${this.index} waiting while core ${core} has finished its call, ` +
          "expected the same collectives in the same order on every core.",
        { waiting: this.index },
      );
    }
  }

  #throwTimeout(parity: 0 | 1): never {
    const { size, timeoutMs } = this.memory;
    const words = this.#words;
    const missing = missingCores(words, size, this.index, parity);
    const own = describeTicket(words, ticketPlace(size, this.index, parity));
    throw new MeshError(
      missing[0] ?? this.index,
      `${own}: core ${this.index} waited too long for cores ${missing.join(", ")}. ` +
        `Got nothing in ${timeoutMs} ms. Does a core wait for something that never happens?`,
      { waiting: this.index, missing },
    );
  }
}
