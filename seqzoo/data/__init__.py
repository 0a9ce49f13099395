"""Data: reading it, splitting it, turning text into ids and sequences into batches.

`text_classification.load` takes a file, a folder or a name and gives train, validation and test examples;
`tokenizer.Tokenizer` turns texts into ids; `batches.Batches` turns sequences into padded, masked batches.
Nothing here imports another part of seqzoo, and only `batches` imports keras. Import the modules, not this package:
some of them are slow to import and none needs the others' dependencies.
"""
