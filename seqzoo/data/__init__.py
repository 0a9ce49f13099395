"""Data formats, tokenizer, targets and batches.

`user_files.read` reads labelled examples from a file of the user; `tokenizer.Tokenizer` turns texts into ids;
`batches.Batches` turns sequences into padded, masked batches. Data sets with a name are in `seqzoo.datasets`.
The package imports `seqzoo.errors` alone; only `batches` and `windows` import Keras. Import the modules, not the package:
some modules are slow to import, and none needs the dependencies of the others.
"""
