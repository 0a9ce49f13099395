"""Sources, licences and limitations of the data of tagging, for model cards."""

FRAMES = "from frames written for seqzoo, filled with names of the package Faker (MIT licence)"
SOURCES = {
    "generated_entities": f"Sentences generated {FRAMES}.",
    "ner_en": "English sentences tagged by hand: the Broad Twitter Corpus (L. Derczynski, K. Bontcheva and I. Roberts, COLING "
    "2016; CC BY 4.0), WikiGold (D. Balasuriya and others, 2009; CC BY 4.0), and the development and test parts of Universal "
    "NER's English-EWT (S. Mayhew and others, NAACL 2024; CC BY-SA 4.0: whoever passes on what is derived from it does so "
    "under the same licence). Miscellaneous entities count as none. [recipes.md](../../docs/recipes.md#tag-words-ner) has the "
    f"commands that join the three. To the training split come sentences generated {FRAMES} and well-known names.",
}
LIMITATIONS = {
    "generated_entities": "Trained on generated sentences only: it errs on ordinary ones. Train it on your own data.",
    "ner_en": "Of use for English sentences of news, encyclopedias and messages, in lower case too, with persons, "
    "organisations and places; of none for other languages and other types. It finds organisations worst. Check what it says "
    "of names that matter.",
}
