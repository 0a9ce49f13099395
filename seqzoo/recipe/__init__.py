"""Recipes: what all of them share, from flags to the model card. A recipe's file imports this package alone of it."""

from seqzoo.recipe.config import Cell as Cell
from seqzoo.recipe.config import Config as Config
from seqzoo.recipe.config import check as check
from seqzoo.recipe.config import check_at_least as check_at_least
from seqzoo.recipe.config import check_at_most as check_at_most
from seqzoo.recipe.embeddings_config import EmbeddingsConfig as EmbeddingsConfig
from seqzoo.recipe.main import main as main
from seqzoo.recipe.predict import PredictFlags as PredictFlags
from seqzoo.recipe.recipe import Command as Command
from seqzoo.recipe.recipe import Recipe as Recipe
from seqzoo.recipe.task import Task as Task
