"""How far a text is from the truth.

Both are brought to NFC first, typographic quotes, dashes and the ellipsis to their plain forms, and
every run of white space (line ends too) to one space; case, punctuation and digits count.

* CER, WER: Levenshtein distance over characters, over words between spaces, divided by the truth's
  length; the reading order counts.
* Words missing: of the truth's words, those that the text has not, or not as often, wherever it has
  them; the reading order does not count.
* Without tone marks: the five tones (huyền, sắc, ngã, hỏi, nặng) are taken off both; â, ă, ê, ô, ơ,
  ư and đ stay.
"""

import unicodedata
from collections import Counter

from rapidfuzz.distance import Levenshtein

TONES = dict.fromkeys(map(ord, "\u0300\u0301\u0303\u0309\u0323"))
PLAIN = str.maketrans({
    "“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "–": "-", "—": "-", "−": "-", "‐": "-",
    "‑": "-", "…": "...", "\u00ad": None, "\u200b": None, "\ufeff": None,
})
NAMES = ("CER", "WER", "missing", "CER-tone", "WER-tone", "missing-tone")


def normal(text):
    return " ".join(unicodedata.normalize("NFC", text).translate(PLAIN).split())


def without_tones(text):
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).translate(TONES))


class Score:
    """Mistakes against lengths, summed over pages."""

    def __init__(self):
        self.mistakes = [0] * len(NAMES)
        self.lengths = [0] * len(NAMES)
        self.pages = 0

    def add(self, truth, text):
        self.pages += 1
        at = 0
        for change in (str, without_tones):
            one, other = change(normal(truth)), change(normal(text))
            words, read = one.split(), other.split()
            lost = Counter(words)
            lost.subtract(Counter(read))
            found = (
                (Levenshtein.distance(one, other), len(one)),
                (Levenshtein.distance(words, read), len(words)),
                (sum(count for count in lost.values() if count > 0), len(words)),
            )
            for mistakes, length in found:
                self.mistakes[at] += mistakes
                self.lengths[at] += length
                at += 1

    def rates(self):
        return {
            name: mistakes / max(length, 1)
            for name, mistakes, length in zip(NAMES, self.mistakes, self.lengths)
        }
