"""Byte-pair encoding: training, the two Hugging Face file forms, and encoding.

Two flavours, the ones found next to real checkpoints:

    llama   the vocabulary of a SentencePiece model written as tokenizer.json:
            a space is the character "▁", one is put before the text, and a
            character without a piece of its own becomes bytes <0x00>..<0xFF>
    gpt2    vocab.json and merges.txt: bytes are first renamed to printable
            characters, and merges stay inside the words a fixed rule cuts out

Both classes at the end read only the written files, so what they compute is
what the files say rather than what the trainer remembers.
"""

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path

SPACE = "▁"

# --- training -----------------------------------------------------------------


def train_merges(words, count):
    """The `count` merges greedy BPE finds in `words`, a {tuple of symbols: frequency}.

    Ties go to the pair that sorts first, so that the result does not depend on
    the order in which the words were met.
    """
    words = [[list(symbols), frequency] for symbols, frequency in sorted(words.items())]
    merges = []
    while len(merges) < count:
        pairs = Counter()
        for symbols, frequency in words:
            for pair in zip(symbols, symbols[1:]):
                pairs[pair] += frequency
        if not pairs:
            raise ValueError(f"the text only supports {len(merges)} merges")
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        for word in words:
            word[0] = merge_pair(word[0], best)
    return merges


def merge_pair(symbols, pair):
    merged, i = [], 0
    while i < len(symbols):
        if i + 1 < len(symbols) and (symbols[i], symbols[i + 1]) == pair:
            merged.append(symbols[i] + symbols[i + 1])
            i += 2
        else:
            merged.append(symbols[i])
            i += 1
    return merged


def apply_merges(symbols, ranks):
    """Merge the pair learned earliest, leftmost first, until none is left."""
    symbols = list(symbols)
    while len(symbols) > 1:
        rank, at = min((ranks.get(pair, len(ranks)), i) for i, pair in enumerate(zip(symbols, symbols[1:])))
        if rank == len(ranks):
            break
        symbols[at : at + 2] = [symbols[at] + symbols[at + 1]]
    return symbols


# --- llama: tokenizer.json ------------------------------------------------------

# A run of letters or of other characters, with the space before it.  Only used
# to train: it keeps punctuation out of the pieces made of letters.
LLAMA_TRAINING_WORD = re.compile(SPACE + r"?(?:[^\W_]+|[^\w\s" + SPACE + r"]+)|" + SPACE)


def write_llama(directory, texts, vocab_size, context):
    counts = Counter()
    for text in texts:
        for line in (SPACE + text.replace(" ", SPACE)).split("\n"):
            counts.update(LLAMA_TRAINING_WORD.findall(line))
    characters = Counter()
    for word, frequency in counts.items():
        for character in word:
            characters[character] += frequency
    # Letters outside ASCII stay without a piece, as the rare characters of a
    # large vocabulary do, so that the model is trained on byte pieces as well.
    alphabet = sorted(c for c in characters if c.isascii() or c == SPACE)
    words = Counter()
    for word, frequency in counts.items():
        for run in re.findall(f"[{re.escape(''.join(alphabet))}]+", word):
            words[tuple(run)] += frequency

    pieces = ["<unk>", "<s>", "</s>"] + [f"<0x{b:02X}>" for b in range(256)]
    merges = train_merges(words, vocab_size - len(pieces) - len(alphabet))
    pieces += [a + b for a, b in merges] + alphabet
    special = [
        {"id": i, "content": pieces[i], "single_word": False, "lstrip": False,
         "rstrip": False, "normalized": False, "special": True}
        for i in range(3)
    ]
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": special,
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Prepend", "prepend": SPACE},
                {"type": "Replace", "pattern": {"String": " "}, "content": SPACE},
            ],
        },
        "pre_tokenizer": None,
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "<s>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
            ],
            "pair": [
                {"SpecialToken": {"id": "<s>", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "<s>", "type_id": 1}},
                {"Sequence": {"id": "B", "type_id": 1}},
            ],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}},
        },
        "decoder": {
            "type": "Sequence",
            "decoders": [
                {"type": "Replace", "pattern": {"String": SPACE}, "content": " "},
                {"type": "ByteFallback"},
                {"type": "Fuse"},
                {"type": "Strip", "content": " ", "start": 1, "stop": 0},
            ],
        },
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<unk>",
            "continuing_subword_prefix": None,
            "end_of_word_suffix": None,
            "fuse_unk": True,
            "byte_fallback": True,
            "vocab": {piece: i for i, piece in enumerate(pieces)},
            "merges": [f"{a} {b}" for a, b in merges],
        },
    }
    config = {
        "tokenizer_class": "LlamaTokenizer",
        "add_bos_token": True,
        "add_eos_token": False,
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "pad_token": None,
        "clean_up_tokenization_spaces": False,
        "legacy": True,
        "model_max_length": context,
    }
    write_json(Path(directory) / "tokenizer.json", tokenizer)
    write_json(Path(directory) / "tokenizer_config.json", config)
    write_json(
        Path(directory) / "special_tokens_map.json",
        {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"},
    )


class LlamaTokenizer:
    bos, eos = 1, 2

    def __init__(self, directory):
        model = json.loads((Path(directory) / "tokenizer.json").read_text("utf-8"))["model"]
        self.ids = model["vocab"]
        self.pieces = sorted(self.ids, key=self.ids.get)
        self.ranks = {tuple(merge.split(" ")): i for i, merge in enumerate(model["merges"])}
        # No piece continues past a space, so each "▁..." run can be encoded, and
        # remembered, by itself.
        assert not any(SPACE in piece[1:] for piece in self.pieces)
        self._remembered = {}

    def encode(self, text):
        ids = [self.bos]
        if text:
            for run in re.split(f"(?={SPACE})", SPACE + text.replace(" ", SPACE)):
                if run not in self._remembered:
                    self._remembered[run] = self._encode_run(run)
                ids += self._remembered[run]
        return ids

    def _encode_run(self, run):
        ids = []
        for piece in apply_merges(run, self.ranks):
            if piece in self.ids:
                ids.append(self.ids[piece])
            else:
                ids += [self.ids[f"<0x{b:02X}>"] for b in piece.encode("utf-8")]
        return ids

    def decode(self, ids):
        data = b""
        for i in ids:
            if i < 3:
                continue
            piece = self.pieces[i]
            byte = re.fullmatch(r"<0x([0-9A-F]{2})>", piece)
            data += bytes([int(byte.group(1), 16)]) if byte else piece.replace(SPACE, " ").encode("utf-8")
        return data.decode("utf-8", "replace").removeprefix(" ")


# --- gpt2: vocab.json and merges.txt --------------------------------------------


def printable_bytes():
    """GPT-2's name for each byte: itself where printable, else U+0100 onwards."""
    kept = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    names = {b: chr(b) for b in kept}
    for b in range(256):
        if b not in names:
            names[b] = chr(0x100 + len(names) - len(kept))
    return names


BYTE_NAMES = printable_bytes()
NAMED_BYTES = {name: b for b, name in BYTE_NAMES.items()}
CONTRACTIONS = ("'s", "'t", "'re", "'ve", "'m", "'ll", "'d")
# Unicode's White_Space.  Python's str.isspace() also counts U+001C..U+001F.
WHITE_SPACE = frozenset(
    "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
)


def gpt2_words(text):
    """GPT-2's cut into words, a contraction or one kind of character each:

    's|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+

    Written out because Python's `re` has no \\p{L}.
    """

    def kind(character):
        if character in WHITE_SPACE:
            return "space"
        category = unicodedata.category(character)[0]
        return category if category in "LN" else "other"

    words, i = [], 0
    while i < len(text):
        contraction = next((c for c in CONTRACTIONS if text.startswith(c, i)), None)
        if contraction:
            end = i + len(contraction)
        else:
            start = i + 1 if text[i] == " " and i + 1 < len(text) and kind(text[i + 1]) != "space" else i
            end = start
            while end < len(text) and kind(text[end]) == kind(text[start]):
                end += 1
            # The last of several spaces goes with the word behind it.
            if kind(text[start]) == "space" and end < len(text) and end - start > 1:
                end -= 1
        words.append(text[i:end])
        i = end
    return words


def byte_symbols(word):
    return tuple(BYTE_NAMES[b] for b in word.encode("utf-8"))


def write_gpt2(directory, texts, vocab_size, context):
    words = Counter()
    for text in texts:
        words.update(gpt2_words(text))
    pieces = ["<s>", "<pad>", "</s>", "<unk>"] + [BYTE_NAMES[b] for b in range(256)]
    counts = {byte_symbols(word): frequency for word, frequency in words.items()}
    merges = train_merges(counts, vocab_size - len(pieces))
    pieces += [a + b for a, b in merges]
    write_json(Path(directory) / "vocab.json", {piece: i for i, piece in enumerate(pieces)})
    lines = ["#version: 0.2"] + [f"{a} {b}" for a, b in merges]
    (Path(directory) / "merges.txt").write_text("\n".join(lines) + "\n", "utf-8")
    write_json(
        Path(directory) / "tokenizer_config.json",
        {
            "tokenizer_class": "GPT2Tokenizer",
            "add_bos_token": True,
            "add_prefix_space": False,
            "bos_token": "</s>",
            "eos_token": "</s>",
            "unk_token": "</s>",
            "pad_token": "<pad>",
            "errors": "replace",
            "clean_up_tokenization_spaces": False,
            "model_max_length": context,
        },
    )
    write_json(
        Path(directory) / "special_tokens_map.json",
        {"bos_token": "</s>", "eos_token": "</s>", "unk_token": "</s>", "pad_token": "<pad>"},
    )


class Gpt2Tokenizer:
    bos, eos = 2, 2

    def __init__(self, directory):
        self.ids = json.loads((Path(directory) / "vocab.json").read_text("utf-8"))
        self.pieces = sorted(self.ids, key=self.ids.get)
        lines = (Path(directory) / "merges.txt").read_text("utf-8").split("\n")
        self.ranks = {tuple(line.split(" ")): i for i, line in enumerate(line for line in lines[1:] if line)}
        self._remembered = {}

    def encode(self, text):
        ids = [self.bos]
        for word in gpt2_words(text):
            if word not in self._remembered:
                symbols = apply_merges(byte_symbols(word), self.ranks)
                self._remembered[word] = [self.ids[symbol] for symbol in symbols]
            ids += self._remembered[word]
        return ids

    def decode(self, ids):
        names = "".join(self.pieces[i] for i in ids if i > 3)
        return bytes(NAMED_BYTES[name] for name in names).decode("utf-8", "replace")


def write_json(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")
