"""Lexicon: the words of which decoded texts consist."""


class Lexicon:
    """Words, tuples of tokens; a text is words with the token `space` between them, or words one after the other without one.

    Args:
        words: iterables of tokens.
        space: the token between two words; None for one word after the other.
    """

    def __init__(self, words, space=None):
        self.words = {tuple(word) for word in words} - {()}
        self.space, self._open = space, {word[:length] for word in self.words for length in range(len(word) + 1)}
        if not self.words:
            raise ValueError("`words` must be one or more words, got none.")

    def allows(self, text) -> bool:
        """Whether a text of the lexicon begins with the tuple of tokens `text`."""
        return bool(self._ends(tuple(text)))

    def holds(self, text) -> bool:
        """Whether the tuple of tokens `text` is a text of the lexicon."""
        return not text or any(end in self.words for end in self._ends(tuple(text)))

    def _ends(self, text):
        """The ways to read the last word of a beginning of a text, which may not be complete."""
        if self.space is not None:
            return self._of_spaced(text)
        ends = {()}
        for token in text:
            longer = {(*end, token) for end in ends} | {(token,) for end in ends if end in self.words}
            ends = longer & self._open
        return ends

    def _of_spaced(self, text):
        *whole, last = _parts(text, self.space)
        return {last} & self._open if all(word in self.words for word in whole) else set()


def _parts(text, space):
    parts = [()]
    for token in text:
        parts = [*parts, ()] if token == space else [*parts[:-1], (*parts[-1], token)]
    return parts
