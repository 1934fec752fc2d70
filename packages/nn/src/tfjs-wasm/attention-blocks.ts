import { type LayoutData, type LayoutFixed, type SentenceSpan, sentencesOf } from "@kindred/tensor";

/** Blocks of one length, each a run of whole sentences, for attention in a few dense matrix products. */
export type AttentionBlocks = {
  /** The number of blocks. */
  readonly count: number;
  /** Slots a block, at least 2. Sentences follow each other in them; slots left over at the end hold nothing. */
  readonly length: number;
  /** The row of x in each slot of each block. Slots that hold nothing name a row too, any real one. */
  readonly rows: Int32Array;
  /** The sentence in each slot, −1 for none. */
  readonly sentences: Int32Array;
};

/** How the sentences of a layout are cut into blocks, and where each row of the layout went. */
export type AttentionPlan = {
  readonly groups: readonly AttentionBlocks[];
  /** The slot of each row, counted through all groups; rows of padding have the number of slots, one past the last. */
  readonly slotOfRow: Int32Array;
};

/** Shorter blocks mean more matrix products, longer ones more scores that are masked: 64 is fastest on wasm, by a little. */
const BLOCK_LENGTH = 64;

/** The most scores of a head in a group: with 12 heads a float32 tensor of them takes 6 MiB, and some five exist at a time. */
const GROUP_SCORES = 2 ** 17;

// Every layer asks for the same layout's plan, twice. Arrays of data are not written, so one is the key.
const cache = new WeakMap<Int32Array, AttentionPlan>();

/**
 * The sentences of a layout in blocks: those of up to 64 tokens share blocks of 64 slots, longest first, each in the first block
 * with room for it; longer ones get a block each, in groups whose lengths differ by less than a factor of two. Groups are small
 * enough that their scores take little memory.
 *
 * Nothing depends on how sentences are grouped but the time it takes: scores between two sentences of a block are masked.
 */
export function attentionBlocks(data: LayoutData, { rows }: LayoutFixed): AttentionPlan {
  const known = cache.get(data.lengths);
  if (known) return known;
  const longestFirst = sentencesOf(data)
    .map(({ start, length }, index) => ({ index, start, length }))
    .filter(({ length }) => length > 0)
    .sort((a, b) => b.length - a.length);
  const slotOfRow = new Int32Array(rows).fill(-1);
  const groups: AttentionBlocks[] = [];
  let slots = 0;
  for (const group of inLengthGroups(longestFirst).flatMap(packGroups)) {
    for (const [slot, row] of group.rows.entries()) {
      if ((group.sentences[slot] ?? -1) >= 0) slotOfRow[row] = slots + slot;
    }
    slots += group.rows.length;
    groups.push(group);
  }
  const plan = { groups, slotOfRow: slotOfRow.map((slot) => (slot < 0 ? slots : slot)) };
  cache.set(data.lengths, plan);
  return plan;
}

type Sentence = Omit<SentenceSpan, "number"> & { readonly index: number };

function inLengthGroups(longestFirst: readonly Sentence[]): Sentence[][] {
  const groups = new Map<number, Sentence[]>();
  for (const sentence of longestFirst) {
    const limit = Math.max(BLOCK_LENGTH, 2 ** Math.ceil(Math.log2(sentence.length)));
    const group = groups.get(limit) ?? [];
    groups.set(limit, group);
    group.push(sentence);
  }
  return [...groups.values()];
}

function packGroups(members: readonly Sentence[]): AttentionBlocks[] {
  const tokens = members.reduce((sum, { length }) => sum + length, 0);
  const longest = members[0]?.length ?? 0;
  const length = Math.max(2, longest, Math.min(BLOCK_LENGTH, tokens));
  const blocks: { room: number; members: Sentence[] }[] = [];
  for (const sentence of members) {
    let block = blocks.find(({ room }) => room >= sentence.length);
    if (block === undefined) {
      block = { room: length, members: [] };
      blocks.push(block);
    }
    block.room -= sentence.length;
    block.members.push(sentence);
  }
  const atMost = Math.max(1, Math.floor(GROUP_SCORES / length ** 2));
  return Array.from({ length: Math.ceil(blocks.length / atMost) }, (_, i) => {
    const group = blocks.slice(i * atMost, (i + 1) * atMost);
    return fillSlots(
      group.map((block) => block.members),
      length,
    );
  });
}

function fillSlots(blocks: readonly (readonly Sentence[])[], length: number): AttentionBlocks {
  const anyRow = blocks[0]?.[0]?.start ?? 0;
  const rows = new Int32Array(blocks.length * length).fill(anyRow);
  const sentences = new Int32Array(blocks.length * length).fill(-1);
  for (const [b, members] of blocks.entries()) {
    let slot = b * length;
    for (const sentence of members) {
      for (let position = 0; position < sentence.length; position++, slot++) {
        rows[slot] = sentence.start + position;
        sentences[slot] = sentence.index;
      }
    }
  }
  return { count: blocks.length, length, rows, sentences };
}
