import type { Fail } from "../json-cursor.ts";
import { type CheckpointValue, type DictValue, describeValue, type KeyValue } from "./checkpoint-value.ts";
import { PickleCursor } from "./pickle-cursor.ts";
import { opcodeName } from "./pickle-opcodes.ts";

/** What a pickle's imports and references mean to whoever reads it. */
export type PickleHost = {
  /** What the import `module.name` gives when it is called; refuses what it does not know. */
  readonly call: (name: string, args: readonly CheckpointValue[], fail: (message: string) => never) => CheckpointValue;
  /** Refuses an import that may not even be named. */
  readonly expectImport: (name: string, fail: (message: string) => never) => void;
  /** The object that a persistent id stands for. */
  readonly persistent: (id: CheckpointValue, fail: (message: string) => never) => CheckpointValue;
};

/**
 * The value of a pickle, and where it ends.
 *
 * A pickle is a program for a stack machine. This machine knows the opcodes that a state dict needs and refuses the
 * others by name; it imports nothing and calls nothing, but asks `host`, which knows a closed list. Every opcode does a
 * bounded amount of work for the bytes it takes, so time and memory are linear in the pickle.
 *
 * @param start where the pickle begins in `bytes`
 * @param fail ends the reading with an error about the byte at an index of `bytes`
 * @see Python, Lib/pickletools.py; PyTorch, `torch/_weights_only_unpickler.py`, for which opcodes occur
 */
export function readPickle(
  bytes: Uint8Array,
  { start = 0, host, fail }: { readonly start?: number; readonly host: PickleHost; readonly fail: Fail },
): { readonly value: CheckpointValue; readonly end: number } {
  const cursor = new PickleCursor(bytes, start, fail);
  const memo = new Map<number, CheckpointValue>();
  const marks: CheckpointValue[][] = [];
  let stack: CheckpointValue[] = [];
  let opcodeAt = start;
  const refuse = (message: string): never => fail(opcodeAt, `pickle: ${message}`);

  const pop = (): CheckpointValue => {
    const value = stack.pop();
    return value === undefined ? refuse(`the stack is empty before ${opcodeName(bytes[opcodeAt]!)}.`) : value;
  };
  const popMark = (): CheckpointValue[] => {
    const items = stack;
    stack = marks.pop() ?? refuse(`no mark before ${opcodeName(bytes[opcodeAt]!)}.`);
    return items;
  };
  const top = <Kind extends "list" | "dict">(kind: Kind) => {
    const value = stack.at(-1);
    if (typeof value === "object" && value !== null && value.kind === kind)
      return value as Extract<CheckpointValue, { kind: Kind }>;
    return refuse(`${opcodeName(bytes[opcodeAt]!)} needs a ${kind}. Got ${describeValue(value)}.`);
  };
  const tuple = (count: number) => {
    const items: CheckpointValue[] = [];
    for (let i = 0; i < count; i++) items.unshift(pop());
    stack.push({ kind: "tuple", items });
  };
  const setItems = ({ entries }: DictValue, items: readonly CheckpointValue[]) => {
    if (items.length % 2 !== 0) refuse("a key without a value.");
    for (let i = 0; i < items.length; i += 2) entries.set(expectKey(items[i]!, refuse), items[i + 1]!);
  };
  const importName = (module: string, name: string) => {
    const dotted = `${module}.${name}`;
    host.expectImport(dotted, refuse);
    stack.push({ kind: "import", name: dotted });
  };
  const recall = (index: number) => {
    const value = memo.get(index);
    stack.push(value === undefined ? refuse(`nothing was stored under ${index}.`) : value);
  };
  const store = (index: number) => {
    const value = stack.at(-1);
    memo.set(index, value === undefined ? refuse("the stack is empty before a PUT.") : value);
  };

  for (;;) {
    opcodeAt = cursor.at;
    const opcode = cursor.byte();
    switch (opcodeName(opcode)) {
      case "PROTO": {
        const version = cursor.byte();
        if (version < 2 || version > 5) refuse(`protocol ${version} is not known. Expected 2 to 5.`);
        break;
      }
      case "FRAME":
        cursor.expectBytes(cursor.length64());
        break;
      case "STOP": {
        const value = pop();
        if (stack.length > 0 || marks.length > 0) refuse("values are left over at the end.");
        return { value, end: cursor.at };
      }
      case "MARK":
        marks.push(stack);
        stack = [];
        break;
      case "NONE":
        stack.push(null);
        break;
      case "NEWTRUE":
        stack.push(true);
        break;
      case "NEWFALSE":
        stack.push(false);
        break;
      case "BININT":
        stack.push(cursor.uint32() | 0);
        break;
      case "BININT1":
        stack.push(cursor.byte());
        break;
      case "BININT2":
        stack.push(cursor.byte() + 256 * cursor.byte());
        break;
      case "LONG1":
        stack.push(cursor.integer(cursor.byte()));
        break;
      case "BINFLOAT":
        stack.push(cursor.float64());
        break;
      case "SHORT_BINUNICODE":
        stack.push(cursor.text(cursor.byte()));
        break;
      case "BINUNICODE":
        stack.push(cursor.text(cursor.uint32()));
        break;
      case "BINUNICODE8":
        stack.push(cursor.text(cursor.length64()));
        break;
      case "SHORT_BINSTRING":
        stack.push(cursor.text(cursor.byte())); // Python 2's str: names are ASCII
        break;
      case "EMPTY_LIST":
        stack.push({ kind: "list", items: [] });
        break;
      case "APPEND": {
        const item = pop();
        top("list").items.push(item);
        break;
      }
      case "APPENDS": {
        const items = popMark();
        const list = top("list");
        for (const item of items) list.items.push(item);
        break;
      }
      case "EMPTY_TUPLE":
        stack.push({ kind: "tuple", items: [] });
        break;
      case "TUPLE": {
        const items = popMark();
        stack.push({ kind: "tuple", items });
        break;
      }
      case "TUPLE1":
        tuple(1);
        break;
      case "TUPLE2":
        tuple(2);
        break;
      case "TUPLE3":
        tuple(3);
        break;
      case "EMPTY_DICT":
        stack.push({ kind: "dict", entries: new Map() });
        break;
      case "SETITEM": {
        const value = pop();
        const key = pop();
        setItems(top("dict"), [key, value]);
        break;
      }
      case "SETITEMS": {
        const items = popMark();
        setItems(top("dict"), items);
        break;
      }
      case "BINPUT":
        store(cursor.byte());
        break;
      case "LONG_BINPUT":
        store(cursor.uint32());
        break;
      case "MEMOIZE":
        store(memo.size);
        break;
      case "BINGET":
        recall(cursor.byte());
        break;
      case "LONG_BINGET":
        recall(cursor.uint32());
        break;
      case "GLOBAL":
        importName(cursor.line(), cursor.line());
        break;
      case "STACK_GLOBAL": {
        const name = pop();
        const module = pop();
        if (typeof name !== "string" || typeof module !== "string")
          return refuse("an import that is not named by texts.");
        importName(module, name);
        break;
      }
      case "REDUCE": {
        const args = pop();
        const callable = pop();
        if (
          typeof callable !== "object" ||
          callable?.kind !== "import" ||
          typeof args !== "object" ||
          args?.kind !== "tuple"
        )
          return refuse(
            `REDUCE needs an import and a tuple. Got ${describeValue(callable)} and ${describeValue(args)}.`,
          );
        stack.push(host.call(callable.name, args.items, refuse));
        break;
      }
      case "BUILD": // sets attributes: a state dict's _metadata, which says nothing about its tensors
        pop();
        top("dict");
        break;
      case "BINPERSID":
        stack.push(host.persistent(pop(), refuse));
        break;
      default:
        refuse(`opcode ${opcodeName(opcode)} is not allowed in a checkpoint.`);
    }
  }
}

function expectKey(value: CheckpointValue, refuse: (message: string) => never): KeyValue {
  if (typeof value !== "object" || value === null) return value;
  return refuse(`${describeValue(value)} as a key. Expected a text or a number.`);
}
