"""Models made of the layers, one module for each shape of input and output."""

from seqzoo.models.many_to_many import ManyToMany as ManyToMany
from seqzoo.models.many_to_one import ManyToOne as ManyToOne
