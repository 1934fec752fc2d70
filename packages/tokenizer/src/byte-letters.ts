/**
 * The letter that stands for each of the 256 bytes in a byte-level vocabulary: the byte's own character in Latin-1 where that can be
 * seen, and the next one from U+0100 on where it can't. A space is `Ġ`, a line feed `Ċ`.
 *
 * @see Radford et al., Language Models are Unsupervised Multitask Learners, 2019, `bytes_to_unicode` of its code
 */
export function byteLetters(): readonly string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isSeen(byte) ? byte : next++));
}

/** Whether a byte is a character of Latin-1 that shows: neither a control character, nor a space, nor the soft hyphen. */
const isSeen = (byte: number) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
