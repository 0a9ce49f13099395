"""First names with the country that they are used in: the lists of the package Faker.

The lists are as good as those who contributed them made them, and differ between the versions of Faker.
"""

import hashlib
import importlib

from seqzoo.data.examples import Examples, Splits

NAME = "first_names"
LOCALES = ("de_DE", "en_IN", "en_US", "es_ES", "fi_FI", "fr_FR", "id_ID", "is_IS", "it_IT", "pl_PL", "ro_RO", "tr_TR")
LISTS = ("first_names", "first_names_male", "first_names_female", "first_names_nonbinary")  # of Faker's providers


def load() -> Splits:
    """Returns names and their country; a hash of the name chooses the split."""
    parts = {"train": [], "validation": [], "test": []}
    for locale in LOCALES:
        for name in names(locale):
            parts[part_of(name)].append((name, locale))
    return Splits(**{part: Examples(*map(list, zip(*rows, strict=True))) for part, rows in parts.items()}, name=NAME)


def names(locale: str) -> list[str]:
    """Returns the different first names that Faker has for a locale, sorted, without those that have odd marks."""
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    found = {name for of_kind in LISTS for name in getattr(provider, of_kind, ())}
    return sorted(name for name in found if all(character.isalpha() or character in " '-" for character in name))


def part_of(name: str) -> str:
    """Returns "train" for eight names in ten, "validation" or "test" for one: a hash decides."""
    tenth = int(hashlib.sha256(name.casefold().encode()).hexdigest(), 16) % 10
    return {8: "validation", 9: "test"}.get(tenth, "train")
