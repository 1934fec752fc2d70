"""The Rust tokenizers, line by line."""

from play import play


class RustTokenizer:
    def __init__(self, setup):
        import tokenizers

        self.name = f"tokenizers {tokenizers.__version__} (Rust)"
        self.tokenizer = tokenizers.Tokenizer.from_file(setup["file"])
        self.lines = setup["lines"]
        self.lines_at_once = setup["linesAtOnce"]
        self.encoded = []

    def measure(self, turn):
        first = turn % (len(self.lines) // self.lines_at_once) * self.lines_at_once
        encode = self.tokenizer.encode
        self.encoded = [encode(line).ids for line in self.lines[first : first + self.lines_at_once]]
        return len(self.encoded)

    def sample(self):
        return [number for ids in self.encoded for number in ids]


play(RustTokenizer)
