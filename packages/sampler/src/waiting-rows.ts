import { type RowGroup, usedText } from "./row-reader.ts";
import type { TextsRow } from "./source.ts";

type Entry<Row extends TextsRow> = { readonly group: RowGroup<Row>; readonly age: number; isGone: boolean };

/** Rows that have a text in common, the oldest first. It is listed by the age of the first, or closed for this scope. */
type Queue<Row extends TextsRow> = { readonly text: string; readonly entries: Entry<Row>[]; listedAge: number };

const closed = -1;

/**
 * Rows that wait for a scope (a batch, a round) without their texts in it. `take` gives the oldest that fits, as looking through all of
 * them would.
 *
 * Each row waits in the queue of one of its texts. Of a queue only the oldest row is looked at: if it is taken, the queue's text is used
 * and nobody behind it fits; if another of its texts is used, it moves to that one's queue. So a scope costs about what it takes, not
 * what waits.
 */
export class WaitingRows<Row extends TextsRow> {
  /** How many rows wait. */
  size = 0;
  #nextAge = 0;
  /** All that wait, the oldest first, and some that are gone: all before `#oldest`. */
  #byAge: Entry<Row>[] = [];
  #oldest = 0;
  readonly #queues = new Map<string, Queue<Row>>();
  /** A binary heap of queues by the age of their first row; what no longer fits a queue's `listedAge` counts for nothing. */
  readonly #open: { readonly age: number; readonly queue: Queue<Row> }[] = [];
  #closed: Queue<Row>[] = [];

  /** No text is used any more. */
  beginScope(): void {
    const queues = this.#closed;
    this.#closed = [];
    for (const queue of queues) this.#list(queue);
  }

  /** Takes in rows, the youngest of all. */
  add(group: RowGroup<Row>, heldBackBy: string): void {
    const entry = { group, age: this.#nextAge++, isGone: false };
    this.#byAge.push(entry);
    this.size += group.length;
    this.#queueOf(heldBackBy).entries.push(entry);
  }

  /** The oldest rows none of whose texts is used. They wait no more. */
  take(used: ReadonlySet<string>): RowGroup<Row> | undefined {
    for (let item = popOldest(this.#open); item !== undefined; item = popOldest(this.#open)) {
      const { age, queue } = item;
      if (queue.listedAge !== age) continue;
      queue.listedAge = closed;
      const [first] = queue.entries;
      if (first === undefined || first.isGone || used.has(queue.text)) {
        if (used.has(queue.text)) this.#closed.push(queue);
        else this.#list(queue);
        continue;
      }
      queue.entries.shift();
      const other = usedText(first.group, used);
      if (other === undefined) {
        this.#closed.push(queue);
        this.#remove(first);
        return first.group;
      }
      this.#insert(this.#queueOf(other), first);
      this.#list(queue);
    }
    return undefined;
  }

  /** Gives up the oldest rows. */
  dropOldest(): RowGroup<Row> | undefined {
    const oldest = this.#byAge[this.#oldest];
    if (oldest === undefined) return undefined;
    this.#remove(oldest);
    return oldest.group;
  }

  /** All that wait, the oldest first. */
  groups(): RowGroup<Row>[] {
    const groups: RowGroup<Row>[] = []; // asked for after every batch, where flatMap takes many times as long
    for (const { group, isGone } of this.#byAge) if (!isGone) groups.push(group);
    return groups;
  }

  #remove(entry: Entry<Row>): void {
    entry.isGone = true;
    this.size -= entry.group.length;
    while (this.#byAge[this.#oldest]?.isGone === true) this.#oldest++;
    if (this.#byAge.length <= 4 * this.size + 64) return;
    this.#byAge = this.#byAge.filter(({ isGone }) => !isGone);
    this.#oldest = 0;
  }

  /** The queue of a text, closed if it is new: a text by which a row is held back is used. */
  #queueOf(text: string): Queue<Row> {
    const known = this.#queues.get(text);
    if (known !== undefined) return known;
    const queue: Queue<Row> = { text, entries: [], listedAge: closed };
    this.#queues.set(text, queue);
    this.#closed.push(queue);
    return queue;
  }

  #insert(queue: Queue<Row>, entry: Entry<Row>): void {
    const { entries } = queue;
    let [at, end] = [0, entries.length];
    while (at < end) {
      const middle = (at + end) >> 1;
      const { age } = entries[middle]!; // `!`: middle < end
      if (age < entry.age) at = middle + 1;
      else end = middle;
    }
    entries.splice(at, 0, entry);
    if (at === 0 && queue.listedAge !== closed) this.#list(queue);
  }

  /** Puts a queue where its first row's age belongs; forgets it if nobody waits in it. */
  #list(queue: Queue<Row>): void {
    const { entries, text } = queue;
    while (entries[0]?.isGone === true) entries.shift();
    const [first] = entries;
    if (first === undefined) {
      this.#queues.delete(text);
      return;
    }
    queue.listedAge = first.age;
    pushByAge(this.#open, { age: first.age, queue });
  }
}

type Aged = { readonly age: number };

function pushByAge<Item extends Aged>(heap: Item[], item: Item): void {
  let at = heap.push(item) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent]!; // `!`: parent < at
    if (above.age <= item.age) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = item;
}

function popOldest<Item extends Aged>(heap: Item[]): Item | undefined {
  const [oldest] = heap;
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return last;
  let at = 0;
  while (true) {
    const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
    const isLeft = right === undefined || (left !== undefined && left.age <= right.age);
    const child = isLeft ? left : right;
    if (child === undefined || child.age >= last.age) break;
    heap[at] = child;
    at = 2 * at + (isLeft ? 1 : 2);
  }
  heap[at] = last;
  return oldest;
}
