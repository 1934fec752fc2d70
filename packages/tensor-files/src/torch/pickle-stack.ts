import { type CheckpointValue, type DictValue, describeValue, type ListValue } from "./checkpoint-value.ts";

/** The stack of a pickle machine, cut into levels by marks, and its memo of values that come again. */
export class PickleStack {
  readonly #refuse: (message: string) => never;
  readonly #levels: CheckpointValue[][] = [];
  readonly #memo = new Map<number, CheckpointValue>();
  #values: CheckpointValue[] = [];

  /** @param refuse ends the reading with an error about the opcode at hand */
  constructor(refuse: (message: string) => never) {
    this.#refuse = refuse;
  }

  push(value: CheckpointValue): void {
    this.#values.push(value);
  }

  pop(): CheckpointValue {
    const value = this.#values.pop();
    return value === undefined ? this.#refuse("the stack is empty.") : value;
  }

  /** The last `count` values, oldest first. */
  popMany(count: number): CheckpointValue[] {
    if (count > this.#values.length) this.#refuse("the stack is empty.");
    return this.#values.splice(this.#values.length - count);
  }

  mark(): void {
    this.#levels.push(this.#values);
    this.#values = [];
  }

  /** The values above the last mark, which is taken away. */
  popMark(): CheckpointValue[] {
    const values = this.#values;
    this.#values = this.#levels.pop() ?? this.#refuse("there is no mark.");
    return values;
  }

  /** The list on top, which stays there. */
  topList(): ListValue {
    const value = this.#values.at(-1);
    if (typeof value === "object" && value?.kind === "list") return value;
    return this.#refuse(`needs a list. Got ${describeValue(value)}.`);
  }

  /** The dictionary on top, which stays there. */
  topDict(): DictValue {
    const value = this.#values.at(-1);
    if (typeof value === "object" && value?.kind === "dict") return value;
    return this.#refuse(`needs a dictionary. Got ${describeValue(value)}.`);
  }

  /** Remembers the value on top under a number, by default the next one. */
  store(index: number = this.#memo.size): void {
    const value = this.#values.at(-1);
    this.#memo.set(index, value === undefined ? this.#refuse("the stack is empty.") : value);
  }

  /** Pushes what was remembered. */
  recall(index: number): void {
    const value = this.#memo.get(index);
    this.push(value === undefined ? this.#refuse(`nothing was stored under ${index}.`) : value);
  }

  /** The last value of all, with nothing below it. */
  popLast(): CheckpointValue {
    const value = this.pop();
    if (this.#values.length > 0 || this.#levels.length > 0) this.#refuse("values are left over at the end.");
    return value;
  }
}
