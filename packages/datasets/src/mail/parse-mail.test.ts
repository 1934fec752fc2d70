import fc from "fast-check";
import { expect, test } from "vitest";
import { parseMail } from "../index.ts";

/** Each character one byte. */
const bytesOf = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

const mail = (text: string) => parseMail(bytesOf(text));

test("finds ids in folded headers, each once", () => {
  const { messageId, references } = mail(
    "From x Thu Aug 22\nMESSAGE-ID: <3@a>\r\nReferences: <1@a>\r\n\t<2@a>\r\nIn-Reply-To: Your message <2@a>\r\n\r\nhi",
  );
  expect({ messageId, references }).toEqual({ messageId: "<3@a>", references: ["<1@a>", "<2@a>"] });
});

test.each([
  ["no headers about it", "Subject: x\n\nplain", "plain"],
  ["windows line ends", "Subject: x\r\n\r\na\r\nb", "a\nb"],
  ["no headers at all", "\nbody", "body"],
  ["an empty body", "Subject: x", ""],
  ["the old type text", "Content-Type: text; charset=us-ascii\n\nplain", "plain"],
  [
    "quoted-printable",
    "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nno=\n n=E9=\n",
    "no né",
  ],
  ["base64", "Content-Transfer-Encoding: base64\n\naGVs\nbG8=\n", "hello"],
  ["UTF-8", "Content-Type: text/plain; charset=UTF-8\n\n\xc3\xa9", "é"],
  ["UTF-8 that calls itself ASCII", "Content-Type: text/plain; charset=us-ascii\n\n\xc3\xa9", "é"],
  ["a charset declared in quotes", 'Content-Type: text/plain; charset="iso-8859-7"\n\n\xe1', "α"],
  ["Latin-1 that calls itself UTF-8", "Content-Type: text/plain; charset=utf-8\n\n\xe9", "é"],
  ["an unknown charset", "Content-Type: text/plain; charset=klingon\n\n\xe9", "é"],
  ["HTML alone", "Content-Type: text/html\n\n<p>", undefined],
  [
    "the first plain part of several",
    'Content-Type: multipart/alternative; boundary="=_b"\n\npreamble\n--=_b\nContent-Type: text/html\n\n<p>\n--=_b\n\nplain\n--=_b--\nepilogue',
    "plain",
  ],
  [
    "a part inside a part",
    "Content-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: multipart/related;\n boundary=i\n\n--i\nContent-Type: text/plain\n\ndeep\n--i--\n--o--",
    "deep",
  ],
  ["no boundary", "Content-Type: multipart/mixed\n\n--x\n\nhi", undefined],
])("reads the text of a mail with %s", (_, raw, text) => {
  expect(mail(raw).text).toBe(text);
});

test("takes any bytes", () => {
  const piece = fc.constantFrom(
    "\n",
    "\r\n",
    ":",
    "Content-Type: multipart/x; boundary=b",
    "--b",
    "--b--",
    "Content-Transfer-Encoding: base64",
    "=",
    "=3",
    "a",
    "\xff",
    "<a@b>",
    "References:",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.array(piece).map((pieces) => bytesOf(pieces.join(""))),
      ),
      (bytes) => {
        expect(parseMail(bytes).references).toBeInstanceOf(Array);
      },
    ),
  );
});

test("parts in parts are followed to a depth that real mails have, and no further", () => {
  const nested = (depth: number) =>
    mail(
      Array.from({ length: depth }, (_, i) => `Content-Type: multipart/mixed; boundary=b${i}x\n\n--b${i}x\n`).join("") +
        "\ndeep",
    ).text;
  expect(nested(3)).toBe("deep");
  expect(nested(10_000)).toBeUndefined();
});
