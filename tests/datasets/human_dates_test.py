"""Dates: texts with one right answer, the same for the same seed, and splits that share no date and no held-out format."""

import datetime
import itertools
import re
import unicodedata

import pytest

from seqzoo.datasets import human_dates
from seqzoo.datasets.human_dates import formats, held_out_formats, split_of, written

DAY = datetime.date(2021, 3, 4)
DAYS = [datetime.date(*day) for day in itertools.product((2011, 2012), range(1, 13), range(1, 13))]  # in any order a date


@pytest.fixture(scope="module")
def splits():
    return human_dates.load(0)


def parts(splits):
    return splits.train, splits.validation, splits.test


def rows(*examples):
    return [row for part in examples for row in zip(part.inputs, part.targets, strict=True)]


def test_the_same_seed_gives_the_same_examples(splits):
    assert human_dates.load(0) == splits and held_out_formats(0) == held_out_formats(0)
    assert human_dates.load(1).train != splits.train and held_out_formats(1) != held_out_formats(0)


@pytest.mark.parametrize(
    ("locale", "name", "expected"),
    [
        ("de", "long", "4. März 2021"),
        ("en", "full", "Thursday, March 4, 2021"),
        ("ja", "long", "2021年3月4日"),
        ("ru", "long", "4 марта 2021 г."),
        ("pt", "medium", "4 de mar. de 2021"),
        ("ar", "short", "4/3/2021"),
        ("he", "long", "4 במרץ 2021"),
        ("hi", "full", "गुरुवार, 4 मार्च 2021"),
    ],
)
def test_dates_are_written_as_in_the_language(locale, name, expected):
    assert written(DAY, locale, name) == unicodedata.normalize("NFC", expected)


def test_some_locales_alone():
    splits, held_out = human_dates.load(0, 200, locales=("ja",)), human_dates.held_out_formats(0, 50, locales=("ja",))
    assert set(splits.train.domains) >= {"full", "numeric"} and "ordinal" not in splits.train.domains
    assert set(held_out.domains) == {"dd MM y", "y M d"}
    letters = {character for text in splits.train.inputs for character in text if character.isalpha()}
    assert letters <= set("年月日火水木金土曜")


def test_english_ordinals():
    endings = [human_dates.ending(number) for number in (1, 2, 3, 4, 11, 12, 13, 20, 21, 22, 23, 30, 31)]
    assert endings == ["st", "nd", "rd", *["th"] * 5, "st", "nd", "rd", "th", "st"]


def test_a_text_has_one_date_whatever_its_capitals(splits):
    others, dates = human_dates.load(1), {}
    for text, iso in rows(*parts(splits), *parts(others), held_out_formats(0), held_out_formats(1)):
        assert dates.setdefault(text.casefold(), iso) == iso, text


def test_no_format_writes_two_dates_as_one_text():
    dates, every = {}, itertools.chain(*formats().values(), *human_dates.held_out().values())
    for (locale, pattern), day in itertools.product(every, DAYS):
        if human_dates.has_one_reading(locale, pattern, day.month):
            assert dates.setdefault(written(day, locale, pattern).casefold(), day) == day, (locale, pattern, day)


def test_a_date_is_in_one_split_and_held_out_formats_are_of_the_test_split(splits):
    dates = [set(part.targets) for part in parts(splits)]
    assert sum(map(len, dates)) == len(set.union(*dates))
    for name, of_split in zip(("train", "validation", "test"), dates, strict=True):
        assert {split_of(datetime.date.fromisoformat(iso)) for iso in of_split} == {name}
    assert {split_of(datetime.date.fromisoformat(iso)) for iso in held_out_formats(0).targets} == {"test"}


def test_no_split_has_a_held_out_format_or_a_text_in_one(splits):
    held_out = held_out_formats(0)
    assert not set(held_out.domains) & {domain for part in parts(splits) for domain in part.domains}
    for text, iso in rows(held_out)[:100]:
        day = datetime.date.fromisoformat(iso)
        assert text.casefold() not in {written(day, *form).casefold() for of_name in formats().values() for form in of_name}


def test_dates_are_valid_in_a_hundred_years_at_most_and_their_years_uniform(splits):
    years = [datetime.date.fromisoformat(iso).year for iso in splits.train.targets]
    assert max(years) - min(years) < 100
    middle = (max(years) + min(years)) / 2
    assert 0.48 < sum(year < middle for year in years) / len(years) < 0.52


def test_texts_are_composed_on_one_line_and_without_marks_of_direction(splits):
    for text in [*splits.train.inputs, *held_out_formats(0).inputs]:
        assert unicodedata.is_normalized("NFC", text) and text == " ".join(text.split(" ")) == text.strip()
        assert not re.search("[\u200e\u200f\u061c\u00a0\u2009\u202f\n\t]", text)


def test_many_languages_and_every_script_of_a_large_one(splits):
    locales = {locale for of_name in formats().values() for locale, _ in of_name}
    assert len(locales) >= 30
    names = {unicodedata.name(character).split()[0] for text in splits.train.inputs for character in text}
    assert {"LATIN", "CYRILLIC", "GREEK", "HEBREW", "ARABIC", "DEVANAGARI", "THAI", "CJK", "HANGUL"} <= names
