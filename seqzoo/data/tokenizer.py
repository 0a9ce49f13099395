"""Tokenizers by word, subword or character, on top of Hugging Face `tokenizers`."""

import functools
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import tokenizers
from tokenizers import Regex, decoders, models, normalizers, pre_tokenizers, trainers

from seqzoo.data import files
from seqzoo.errors import DataError, one_line

SPECIAL = ["<pad>", "<unk>", "<bos>", "<eos>"]
PAD, UNK, BOS, EOS = range(4)

EMOTICON = r"<3|[<>]?[:;=][-'^o]?(?:[)(\[\]{}|*@]+|[dp3/\\](?![\w/]))"  # :) ;-( =D :-/ but no http://
WORD = r"\w{1,64}(?:'\w{1,64})*"  # don't is one word; the time for subwords grows with the square of a word's length
MARK = r"[^\w\s]"
PATTERNS = {
    ("word", True): rf"(?i){EMOTICON}|{WORD}|{MARK}",
    ("word", False): rf"(?i){EMOTICON}|{WORD}",
    ("subword", True): rf"(?i){EMOTICON}|{WORD}|{MARK}",
    ("subword", False): rf"(?i){EMOTICON}|{WORD}",
    ("char", True): r"[\s\S]",
    ("char", False): r"[\w\s]",
    ("spaces", True): r"\S+",
    ("whole", True): r"[\s\S]+",
    ("piece", True): rf"(?i){EMOTICON}|\w+|[^\w\s]",
}
SPACE = "▁"  # begins a token that carries the space before it
CONTINUES = "##"  # begins a word piece that begins no word
SEPARATORS = dict.fromkeys(range(0x1C, 0x20), " ")
COMPOSE = {"type": "NFC"}  # the last step of a normalizer
# A regex of `tokenizers`, not of `re`: its \w includes the marks that scripts such as Devanagari put on letters.
WORDS_AND_MARKS = pre_tokenizers.Split(
    Regex(r"\w+(?:(?:[-'’./]|(?<=[א-ת])[\"״](?=[א-ת]))\w+)*|[^\w\s]"), behavior="removed", invert=True
)


def split_words(text: str) -> list[str]:
    """Returns the words and marks of a text. A word keeps apostrophes, periods and hyphens between its letters, in Hebrew also
    quotation marks; every other mark stands by itself."""
    return [piece for piece, _ in WORDS_AND_MARKS.pre_tokenize_str(_plain(text))]


class Tokenizer:
    """Tokenizer: a vocabulary and the rules that cut a text into tokens. Ids 0 to 3 are `<pad> <unk> <bos> <eos>`.

    Words keep their apostrophes (`don't`), emoticons stay whole (`:-)`), every other mark is a token of its own. Subwords are
    byte-pair encoded: a frequent word is one token, a rare word several frequent parts. Without punctuation only words and
    emoticons are kept; at the level of characters, letters, digits and white space.
    """

    def __init__(self, rules: tokenizers.Tokenizer):
        self._rules = rules
        self._rules.encode_special_tokens = True  # "<pad>" in a text is five characters, not padding

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        level: str = "word",
        size: int = 20000,
        lowercase: bool = True,
        punctuation: bool = True,
        min_count: int = 1,
        spaces: bool = False,
    ) -> "Tokenizer":
        """Returns a tokenizer trained on `texts`: the most frequent tokens that occur `min_count` times or more.

        Args:
            level: "word", "subword" or "char"; "spaces" for words delimited by spaces, where "<unk>" is the unknown word;
                "whole" for one word per text.
            size: the largest vocabulary, the four special tokens included.
            spaces: whether a word or a mark carries the space before it, as in SentencePiece, so that `decode` returns the
                text with its spaces: for texts that a model writes. For the levels "word" and "subword".
        """
        if (level, punctuation) not in PATTERNS:
            raise ValueError(f'`level` must be "word", "subword", "char", "spaces" or "whole", got {level!r}.')
        if size <= len(SPECIAL):
            raise ValueError(f"`size` must be greater than {len(SPECIAL)}, got {size}.")
        options = {"vocab_size": size, "min_frequency": min_count, "special_tokens": SPECIAL, "show_progress": False}
        trainer = (trainers.BpeTrainer if level == "subword" else trainers.WordLevelTrainer)(**options)
        rules = _rules(models.BPE if level == "subword" else models.WordLevel, PATTERNS[level, punctuation], lowercase)
        if spaces and level in ("word", "subword"):
            _keep_spaces(rules)
        elif level == "subword":
            rules.pre_tokenizer = pre_tokenizers.Sequence([rules.pre_tokenizer, pre_tokenizers.Metaspace()])
            rules.decoder = decoders.Metaspace()
        if level == "char":
            rules.decoder = decoders.Fuse()
        if level == "spaces":
            texts = (" ".join(word for word in text.split() if word not in SPECIAL) for text in texts)
        rules.train_from_iterator(map(_plain, texts), trainer)
        return cls(rules)

    @classmethod
    def of_pieces(cls, pieces: Iterable[str]) -> "Tokenizer":
        """Returns a tokenizer with given word pieces, as BERT's: a word is cut into the longest piece that begins it, then the
        longest that continues it, spelled `##ing`. Text loses capitals and accents; an emoticon is one word."""
        vocabulary = {token: number for number, token in enumerate(dict.fromkeys([*SPECIAL, *pieces]))}
        model = functools.partial(models.WordPiece, vocabulary, continuing_subword_prefix=CONTINUES)
        rules = _rules(model, PATTERNS["piece", True], lowercase=True)
        plain = [normalizers.NFD(), normalizers.StripAccents(), normalizers.NFC()]
        rules.normalizer = normalizers.Sequence([rules.normalizer, *plain])
        rules.decoder = decoders.WordPiece(prefix=CONTINUES, cleanup=False)
        return cls(rules)

    @classmethod
    def load(cls, path: str | Path) -> "Tokenizer":
        """Returns a tokenizer written by `save`.

        Raises:
            DataError: the file is missing, broken or holds another kind of tokenizer.
        """
        return cls.from_json(files.decode(files.read_bytes(path, "a tokenizer"), path, "a tokenizer"), path)

    @classmethod
    def from_json(cls, text: str, path: str | Path) -> "Tokenizer":
        """Returns the tokenizer that a text, of a file, describes; raises a DataError as `load` does."""
        try:
            rules = tokenizers.Tokenizer.from_str(text)
            state = json.loads(rules.to_str())
        except Exception as error:  # tokenizers raises nothing more specific
            raise DataError(f"{path}: not a readable tokenizer: {one_line(error)}") from error
        _check_make(state, rules.get_vocab(), path)
        steps = state["normalizer"]["normalizers"]
        if steps[-1] != COMPOSE:  # a file from before this step
            steps.append(COMPOSE)
            rules = tokenizers.Tokenizer.from_str(json.dumps(state))
        return cls(rules)

    def save(self, path: str | Path) -> None:
        """Writes the tokenizer as JSON."""
        self._rules.save(str(path))

    def to_json(self) -> str:
        """Returns the tokenizer as JSON."""
        return self._rules.to_str()

    def encode(self, text: str) -> list[int]:
        """Returns the token ids of a text, `[1]` if it has no token."""
        return self.encode_all([text])[0]

    def encode_all(self, texts: Iterable[str]) -> list[list[int]]:
        """Returns the token ids of each text, as `encode` does."""
        encoded = self._rules.encode_batch([_plain(text) for text in texts], add_special_tokens=False)
        return [encoding.ids or [UNK] for encoding in encoded]

    def cut_all(self, texts: Iterable[str]) -> list[list[str]]:
        """Returns the tokens of each text, spelled as in the text, unknown tokens included."""
        normalized = [self._rules.normalizer.normalize_str(_plain(text)) for text in texts]  # offsets refer to these
        encoded = self._rules.encode_batch(normalized, add_special_tokens=False)
        return [[text[slice(*at)] for at in encoding.offsets] for text, encoding in zip(normalized, encoded, strict=True)]

    def decode(self, ids: Iterable[int]) -> str:
        """Returns the text of token ids, with spaces between words; `<pad>`, `<bos>` and `<eos>` are left out."""
        kept = [int(i) for i in ids if i not in (PAD, BOS, EOS)]
        return self._rules.decode(kept, skip_special_tokens=False)

    @property
    def size(self) -> int:
        """The size of the vocabulary."""
        return self._rules.get_vocab_size()

    @property
    def tokens(self) -> list[str]:
        """All tokens, in the order of their ids."""
        vocabulary = self._rules.get_vocab()
        return sorted(vocabulary, key=vocabulary.get)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tokenizer) and self._rules.to_str() == other._rules.to_str()


def _rules(model: Callable, pattern: str, lowercase: bool) -> tokenizers.Tokenizer:
    """Returns rules: composed characters, straight apostrophes, perhaps lower case; tokens are the matches of the pattern.

    Characters are composed last: `J` with a caron is two characters, the lower case of both together is one. So a normalized
    text stays as it is when it is normalized again.
    """
    rules = tokenizers.Tokenizer(model(unk_token=SPECIAL[UNK]))
    steps = [normalizers.NFC(), normalizers.Replace("’", "'"), *[normalizers.Lowercase()] * lowercase, normalizers.NFC()]
    rules.normalizer = normalizers.Sequence(steps)
    rules.pre_tokenizer = pre_tokenizers.Split(Regex(pattern), behavior="removed", invert=True)
    return rules


def _keep_spaces(rules: tokenizers.Tokenizer) -> None:
    """Makes rules by which a token carries the space before it, as the character ▁."""
    rules.normalizer = normalizers.Sequence([normalizers.Replace(Regex(r"\s+"), " "), normalizers.Strip(), rules.normalizer])
    pattern = Regex(rf"▁?{WORD}|▁?[^\w\s▁]|▁")
    rules.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Metaspace(prepend_scheme="always", split=False), pre_tokenizers.Split(pattern, behavior="isolated")]
    )
    rules.decoder = decoders.Metaspace(prepend_scheme="always")


def _check_make(state: dict, vocabulary: dict[str, int], path: str | Path) -> None:
    """Refuses a tokenizer that other software made, by its parts."""
    kinds = {part: (state[part] or {}).get("type") for part in ("model", "normalizer", "pre_tokenizer", "post_processor")}
    expected = {"model": ("WordLevel", "BPE", "WordPiece"), "normalizer": ("Sequence",), "pre_tokenizer": ("Split", "Sequence")}
    for part, kind in kinds.items():
        if kind not in expected.get(part, (None,)):
            raise DataError(f"{path}: {part} {kind}, expected a tokenizer that seqzoo saved, with another {part}")
    first = sorted(vocabulary, key=vocabulary.get)[: len(SPECIAL)]
    if first != SPECIAL or state["model"]["unk_token"] != SPECIAL[UNK]:
        raise DataError(f"{path}: the first tokens are {first}, expected {SPECIAL}")
    if state["truncation"] or state["padding"] or sorted(vocabulary.values()) != list(range(len(vocabulary))):
        raise DataError(f"{path}: truncation, padding or gaps between ids, expected a tokenizer that seqzoo saved, with none")


def _plain(text: str) -> str:
    """Returns a text with spaces for U+001C to U+001F, and question marks for lone surrogates.

    White space is what `str.isspace` says. The regexes of `tokenizers` agree but for these four separators. The command line
    makes lone surrogates of bytes that are not UTF-8.
    """
    return text.translate(SEPARATORS).encode(errors="replace").decode()
