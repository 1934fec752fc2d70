import type { Fail } from "../byte-source.ts";
import { type CheckpointValue, describeValue } from "./checkpoint-value.ts";
import { PickleCursor } from "./pickle-cursor.ts";
import { PickleStack } from "./pickle-stack.ts";

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
  let opcodeAt = start;
  let opcode = "";
  const refuse = (message: string): never => fail(opcodeAt, `pickle: ${opcode}: ${message}`);
  const stack = new PickleStack(refuse);
  const importName = (module: string, name: string) => {
    const dotted = `${module}.${name}`;
    host.expectImport(dotted, refuse);
    stack.push({ kind: "import", name: dotted });
  };
  const steps: { readonly [opcode: string]: () => void } = {
    PROTO: () => {
      const version = cursor.byte();
      if (version < 2 || version > 5) refuse(`protocol ${version} is not known. Expected 2 to 5.`);
    },
    FRAME: () => cursor.expectBytes(cursor.length64()),
    MARK: () => stack.mark(),
    NONE: () => stack.push(null),
    NEWTRUE: () => stack.push(true),
    NEWFALSE: () => stack.push(false),
    BININT: () => stack.push(cursor.uint32() | 0),
    BININT1: () => stack.push(cursor.byte()),
    BININT2: () => stack.push(cursor.byte() + 256 * cursor.byte()),
    LONG1: () => stack.push(cursor.integer(cursor.byte())),
    BINFLOAT: () => stack.push(cursor.float64()),
    SHORT_BINSTRING: () => stack.push(cursor.text(cursor.byte())), // Python 2's str, of which names are ASCII
    SHORT_BINUNICODE: () => stack.push(cursor.text(cursor.byte())),
    BINUNICODE: () => stack.push(cursor.text(cursor.uint32())),
    BINUNICODE8: () => stack.push(cursor.text(cursor.length64())),
    EMPTY_LIST: () => stack.push({ kind: "list", items: [] }),
    APPEND: () => appendTo(stack, [stack.pop()]),
    APPENDS: () => appendTo(stack, stack.popMark()),
    EMPTY_TUPLE: () => stack.push({ kind: "tuple", items: [] }),
    TUPLE: () => stack.push({ kind: "tuple", items: stack.popMark() }),
    TUPLE1: () => stack.push({ kind: "tuple", items: stack.popMany(1) }),
    TUPLE2: () => stack.push({ kind: "tuple", items: stack.popMany(2) }),
    TUPLE3: () => stack.push({ kind: "tuple", items: stack.popMany(3) }),
    EMPTY_DICT: () => stack.push({ kind: "dict", entries: new Map() }),
    SETITEM: () => setItemsOf(stack, stack.popMany(2), refuse),
    SETITEMS: () => setItemsOf(stack, stack.popMark(), refuse),
    BINPUT: () => stack.store(cursor.byte()),
    LONG_BINPUT: () => stack.store(cursor.uint32()),
    MEMOIZE: () => stack.store(),
    BINGET: () => stack.recall(cursor.byte()),
    LONG_BINGET: () => stack.recall(cursor.uint32()),
    GLOBAL: () => importName(cursor.line(), cursor.line()),
    STACK_GLOBAL: () => {
      const [module, name] = stack.popMany(2);
      if (typeof module === "string" && typeof name === "string") importName(module, name);
      else refuse("an import that is not named by texts.");
    },
    REDUCE: () => {
      const [callable, args] = stack.popMany(2);
      if (
        typeof callable !== "object" ||
        callable?.kind !== "import" ||
        typeof args !== "object" ||
        args?.kind !== "tuple"
      )
        return refuse(`needs an import and a tuple. Got ${describeValue(callable)} and ${describeValue(args)}.`);
      stack.push(host.call(callable.name, args.items, refuse));
    },
    BUILD: () => {
      stack.pop(); // attributes to set: a state dict's _metadata, which says nothing about its tensors
      stack.topDict();
    },
    BINPERSID: () => stack.push(host.persistent(stack.pop(), refuse)),
  };
  for (;;) {
    opcodeAt = cursor.at;
    opcode = opcodeName(cursor.byte());
    if (opcode === "STOP") return { value: stack.popLast(), end: cursor.at };
    const step = Object.hasOwn(steps, opcode) ? steps[opcode] : undefined;
    if (step === undefined) refuse("this opcode is not allowed in a checkpoint.");
    else step();
  }
}

function appendTo(stack: PickleStack, items: readonly CheckpointValue[]): void {
  const list = stack.topList();
  for (const item of items) list.items.push(item);
}

function setItemsOf(stack: PickleStack, items: readonly CheckpointValue[], refuse: (message: string) => never): void {
  const { entries } = stack.topDict();
  if (items.length % 2 !== 0) refuse("a key without a value.");
  for (let i = 0; i < items.length; i += 2) {
    const [key = null, value = null] = items.slice(i, i + 2);
    if (typeof key === "object" && key !== null) refuse(`${describeValue(key)} as a key. Expected a text or a number.`);
    else entries.set(key, value);
  }
}

/**
 * Every opcode of the pickle protocols 0 to 5 by its byte, for errors that refuse one by name.
 *
 * @see Python, Lib/pickletools.py
 */
const names =
  "( MARK|. STOP|0 POP|1 POP_MARK|2 DUP|F FLOAT|I INT|J BININT|K BININT1|L LONG|M BININT2|N NONE|P PERSID|Q BINPERSID|" +
  "R REDUCE|S STRING|T BINSTRING|U SHORT_BINSTRING|V UNICODE|X BINUNICODE|a APPEND|b BUILD|c GLOBAL|d DICT|} EMPTY_DICT|" +
  "e APPENDS|g GET|h BINGET|i INST|j LONG_BINGET|l LIST|] EMPTY_LIST|o OBJ|p PUT|q BINPUT|r LONG_BINPUT|s SETITEM|" +
  "t TUPLE|) EMPTY_TUPLE|u SETITEMS|G BINFLOAT|B BINBYTES|C SHORT_BINBYTES|\x80 PROTO|\x81 NEWOBJ|\x82 EXT1|\x83 EXT2|" +
  "\x84 EXT4|\x85 TUPLE1|\x86 TUPLE2|\x87 TUPLE3|\x88 NEWTRUE|\x89 NEWFALSE|\x8a LONG1|\x8b LONG4|\x8c SHORT_BINUNICODE|" +
  "\x8d BINUNICODE8|\x8e BINBYTES8|\x8f EMPTY_SET|\x90 ADDITEMS|\x91 FROZENSET|\x92 NEWOBJ_EX|\x93 STACK_GLOBAL|" +
  "\x94 MEMOIZE|\x95 FRAME|\x96 BYTEARRAY8|\x97 NEXT_BUFFER|\x98 READONLY_BUFFER";

const nameOfByte = new Map(names.split("|").map((entry) => [entry.charCodeAt(0), entry.slice(2)]));

/** The name of an opcode, or of a byte that is none, in hexadecimal. */
function opcodeName(byte: number): string {
  return nameOfByte.get(byte) ?? `0x${byte.toString(16).padStart(2, "0")}`;
}
