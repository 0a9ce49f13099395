"""First names by country: lists of the package Faker.

Limitations: contributors of Faker made the lists, of uneven quality; the lists differ between the versions of Faker.
"""

import hashlib
import importlib

from seqzoo.data.examples import Examples, Splits

NAME = "first_names"
LOCALES = ("de_DE", "en_IN", "en_US", "es_ES", "fi_FI", "fr_FR", "id_ID", "is_IS", "it_IT", "pl_PL", "ro_RO", "tr_TR")
LISTS = ("first_names", "first_names_male", "first_names_female", "first_names_nonbinary")  # attributes of Faker's providers


def load() -> Splits:
    """Returns the data set in three splits: names with their locale; a hash of the name chooses its split."""
    splits = {"train": [], "validation": [], "test": []}
    for locale in LOCALES:
        for name in names(locale):
            splits[split_of(name)].append((name, locale))
    return Splits(**{split: Examples(*map(list, zip(*rows, strict=True))) for split, rows in splits.items()}, name=NAME)


def names(locale: str) -> list[str]:
    """Returns Faker's distinct first names of a locale, sorted; names with marks other than ' and - are left out."""
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    listed = {name for attribute in LISTS for name in getattr(provider, attribute, ())}
    return sorted(name for name in listed if all(character.isalpha() or character in " '-" for character in name))


def split_of(name: str) -> str:
    """Returns the split of a name, by a hash: "train" for eight in ten, "validation" and "test" for one in ten each."""
    tenth = int(hashlib.sha256(name.casefold().encode()).hexdigest(), 16) % 10
    return {8: "validation", 9: "test"}.get(tenth, "train")
