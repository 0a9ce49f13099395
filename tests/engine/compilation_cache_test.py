"""Compiled programs that outlive the process: on JAX, in a folder of the user's choice or else in ours."""

import keras
import pytest

from seqzoo import backend

jax = pytest.importorskip("jax") if keras.backend.backend() == "jax" else None
NAMES = "jax_compilation_cache_dir", "jax_compilation_cache_max_size", "jax_persistent_cache_min_compile_time_secs"


@pytest.fixture
def config():
    if jax is None:
        pytest.skip("only JAX keeps compiled programs")
    before = {name: getattr(jax.config, name) for name in NAMES}
    yield jax.config
    for name, value in before.items():
        jax.config.update(name, value)


def test_programs_are_kept_where_no_folder_was_chosen(config, tmp_path):
    config.update("jax_compilation_cache_dir", None)
    backend.cache_compiled(tmp_path / "new" / "folder")
    assert config.jax_compilation_cache_dir == str(tmp_path / "new" / "folder")
    assert config.jax_compilation_cache_max_size == 2**30


def test_the_users_folder_stays(config, tmp_path):
    config.update("jax_compilation_cache_dir", "theirs")
    backend.cache_compiled(tmp_path)
    assert config.jax_compilation_cache_dir == "theirs"


def test_without_a_folder_to_write_nothing_is_kept(config, tmp_path):
    config.update("jax_compilation_cache_dir", None)
    (tmp_path / "file").write_text("")
    backend.cache_compiled(tmp_path / "file" / "folder")
    assert config.jax_compilation_cache_dir is None


def test_the_other_backends_take_the_call(tmp_path):
    backend.cache_compiled(tmp_path)
