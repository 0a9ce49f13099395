"""Several processes, or devices, train what one would have trained; and what becomes of them when one dies.

Workers are processes of their own, on a backend of their own, whatever the tests run on.
"""

import contextlib
import json
import os
import pickle
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from extent import full

from seqzoo import presets
from seqzoo.data.batches import Batches
from seqzoo.data.windows import StreamWindows
from seqzoo.errors import DataError, UsageError
from seqzoo.recipe import train
from seqzoo.training import checkpoints, distribution, launcher, messages, rendezvous
from seqzoo.training.distribution import WorkerSpec
from seqzoo.training.epoch_order import EpochOrder
from seqzoo.training.fit import fit
from seqzoo.training.sharding import ShardedBatches

ROOT = Path(__file__).parents[2]
TINY = (
    "--data d.csv --units 3 --embedding 4 --epochs 5 --batch-size 16 --max-length 4 --no-bidirectional --checkpoint-seconds 0"
)

# Shares


def batches(size=8, count=30):
    rng = np.random.default_rng(0)
    sequences = [rng.integers(4, 20, size=length).tolist() for length in rng.integers(1, 40, size=count)]
    return Batches(sequences, np.arange(count), size, seed=1, per_step=False)


@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("batches", [batches, lambda: StreamWindows(range(1, 200), 8, 5)])
def test_the_shares_of_a_batch_are_the_batch(batches, count):
    whole, shares = EpochOrder(batches()), [EpochOrder(ShardedBatches(batches(), k, count)) for k in range(count)]
    for each in (whole, *shares):
        each.rng_state = whole.rng_state
    for _ in range(2):
        for each in (whole, *shares):
            each.on_epoch_begin()
        assert {each.num_batches for each in shares} == {whole.num_batches}
        for i in range(whole.num_batches):
            parts = keras.tree.map_structure(lambda *arrays: np.concatenate(arrays), *(share[i] for share in shares))
            keras.tree.map_structure(np.testing.assert_array_equal, parts, whole[i])


def test_of_a_batch_no_more_is_read_than_the_share(monkeypatch):
    read = []
    monkeypatch.setattr("seqzoo.data.batches.pad", lambda sequences, length: (read.append(len(sequences)), None))
    ShardedBatches(batches(8), 1, 4)[0]
    assert read == [2]


def test_truth_values_become_numbers_where_it_is_asked():
    inputs, _, _ = ShardedBatches(batches(), 0, 2, cast_bool=True)[0]
    assert inputs["mask"].dtype == np.int32
    np.testing.assert_array_equal(inputs["mask"], ShardedBatches(batches(), 0, 2)[0][0]["mask"])


def test_a_batch_that_cannot_be_divided_is_named():
    with pytest.raises(DataError, match="--batch-size: expected a multiple of 6, as many as share a batch, found 8"):
        ShardedBatches(batches(8), 0, 2, devices=3)[0]


def test_a_process_by_itself_shares_nothing():
    whole = batches()
    assert distribution.worker_spec() is None and distribution.is_first() and distribution.shard(whole) is whole
    assert distribution.broadcast_from_first(lambda: 3) == 3


# Flags


@pytest.mark.parametrize(
    ("backend", "flags", "message"),
    [
        ("jax", {"processes": 0}, "--processes: expected a positive integer, got 0"),
        ("jax", {"devices": 0}, "--devices: expected a positive integer, got 0"),
        ("tensorflow", {"processes": 2}, "--processes: expected 1 on tensorflow; KERAS_BACKEND=jax takes several, got 2"),
        ("torch", {"devices": 2}, "--devices: expected 1 on torch; KERAS_BACKEND=jax takes several, got 2"),
        ("jax", {"processes": 2, "process_id": 0}, "--process-id: expected one from 0 to 1 with --coordinator"),
        ("jax", {"processes": 2, "coordinator": "a:1"}, "--process-id: expected one from 0 to 1 with --coordinator"),
        ("jax", {"processes": 2, "coordinator": "a:1", "process_id": 2}, "--process-id: expected one from 0 to 1"),
        ("jax", {"processes": 2, "coordinator": "a", "process_id": 0}, "--coordinator: expected HOST:PORT, got a"),
        ("jax", {"processes": 2, "coordinator": "a:70000", "process_id": 0}, "--coordinator: expected HOST:PORT, got a:70000"),
    ],
)
def test_flags_that_cannot_be_are_named(backend, flags, message, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    with pytest.raises(UsageError) as caught:
        train.TrainFlags(**flags)
    assert str(caught.value).startswith(message)


def test_a_batch_is_divided_among_all_devices(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    flags = train.TrainFlags(processes=2, devices=3)
    assert flags.workers(12) == (2, 3, None, None)
    with pytest.raises(UsageError, match="--batch-size: expected a multiple of 6, as many as share a batch, got 16"):
        flags.workers(16)


def test_a_training_that_leaves_no_checkpoint_is_not_shared():
    with launcher.planned("sentiment", [], 1, 1):
        launcher.check()
    with launcher.planned("sentiment", [], 2, 1), pytest.raises(DataError, match="leaves no checkpoint"):
        fit(None, None, None, 1)
    launcher.check()


def test_workers_are_not_started_where_nothing_is_left_to_train(tmp_path, monkeypatch):
    started = []
    monkeypatch.setattr(launcher, "train", lambda *planned: started.append(planned))
    for ended in (None, False, True):
        if ended is not None:
            at = checkpoints.Checkpoint(1, 0, 3, ended, [], 0.0, 1, [], [])
            checkpoints.write(tmp_path / "0" / "checkpoint.npz", at)
        with launcher.planned("sentiment", [], 2, 1):
            launcher.launch_if_planned([tmp_path / "0"])
    assert len(started) == 2


# Meeting

JOINS = """
import sys
from seqzoo.training import distribution

distribution._join(distribution.worker_spec())
message = distribution.broadcast_from_first(lambda: {"number": distribution.worker_spec().number, "lines": (1, None)})
print("has", message, file=sys.stderr, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def named_otherwise():
    """The start of a command for a host whose name stands for another address than 127.0.0.1."""
    start = ["unshare", "-rUu", "sh", "-c", 'hostname 127.0.0.3 && exec "$@"', "sh"]
    if not shutil.which("unshare") or subprocess.run([*start, "true"], capture_output=True).returncode:
        pytest.skip("needs a user namespace, of Linux, for a host of another name")
    return start


@contextlib.contextmanager
def joined(start, coordinator, single_host):
    """Two workers that have joined each other."""
    environment = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu", "PYTHONPATH": str(ROOT)}
    workers = []
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        try:
            for number in range(2):
                spec = WorkerSpec(number, 2, 1, coordinator)
                workers.append(launcher._Worker([*start, sys.executable, "-c", JOINS], spec, single_host))
            until = time.monotonic() + 120
            while not all("has " in "".join(worker.tail) for worker in workers):
                assert time.monotonic() < until and all(worker.process.poll() is None for worker in workers)
                time.sleep(0.1)
            yield workers
        finally:
            for worker in workers:
                worker.end()


def listening(worker):
    psutil = pytest.importorskip("psutil")
    sockets = psutil.Process(worker.process.pid).net_connections("inet")
    return {each.laddr.ip.removeprefix("::ffff:") for each in sockets if each.status == psutil.CONN_LISTEN}


@pytest.mark.skipif(sys.platform != "linux", reason="the sockets of a process are read as Linux shows them")
@pytest.mark.parametrize("host, single_host", [("127.0.0.1", True), ("127.0.0.2", False)])
def test_processes_listen_where_the_coordinator_does_whatever_the_host_is_called(named_otherwise, host, single_host):
    pytest.importorskip("jax")
    port = rendezvous.free_address().partition(":")[2]
    with joined(named_otherwise, f"{host}:{port}", single_host) as workers:
        assert [listening(worker) for worker in workers] == [{host}, {"127.0.0.1"}]
        assert {"".join(worker.tail) for worker in workers} == {"has {'number': 0, 'lines': (1, None)}\n"}


def test_a_coordinator_that_cannot_listen_is_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for address, reason in ((f"127.0.0.1:{port}", "in use"), ("192.0.2.77:9", "assign"), ("no.host.invalid:9", "")):
            with pytest.raises(DataError, match=f"^--coordinator: expected a free port .* got {address} .*{reason}"):
                rendezvous.join(WorkerSpec(0, 2, 1, address))


def test_a_coordinator_that_is_not_there_is_one_line(monkeypatch):
    monkeypatch.setattr(rendezvous, "TIMEOUT", 0)
    with pytest.raises(DataError, match="^--coordinator: expected process 0 at .*, waited 0 seconds"):
        rendezvous.join(WorkerSpec(1, 2, 1, rendezvous.free_address()))


@pytest.mark.parametrize(
    "text", ["garbage", "[]", "{}", "[0, 1, 1]", '[2, 2, 1, "a:1"]', '[0, 2, 0, "a:1"]', '[0, "2", 1, "a:1"]', "[" * 9999]
)
def test_a_worker_that_is_none_is_one_line(text, monkeypatch):
    monkeypatch.setenv(distribution.VARIABLE, text)
    with pytest.raises(DataError, match="^SEQZOO_WORKER: expected a value that the launcher of a training sets, got"):
        distribution.worker_spec()


def test_messages_arrive_as_they_are_and_hold_no_code():
    at = checkpoints.Checkpoint(1, 0, 3, True, [{"loss": 0.5}], -np.inf, 1, [np.ones((2, 3), np.float32)], [np.array(3)])
    for value in (None, True, "ü", (12, "a"), {"a": [1, (2.5, None)], "tuple": {"array": 0}}, at):
        assert repr(messages.loads(messages.dumps(value))) == repr(value)
    for code in (pickle.dumps(print), b""):
        with pytest.raises((ValueError, EOFError)):
            messages.loads(code)


# Deaths


@pytest.fixture
def started(monkeypatch):
    """Starts workers that run Python's `-c` with these programs, and waits for them; collects what is left of them."""
    left = []

    def start(*programs):
        for number, program in enumerate(programs):
            left.append(
                launcher._Worker([sys.executable, "-c", program], WorkerSpec(number, len(programs), 1, "127.0.0.1:1"), True)
            )
        try:
            launcher._wait(left, len(programs))
        finally:
            for worker in left:
                worker.end()

    yield start
    assert all(worker.process.returncode is not None for worker in left)


STAYS, REASON = "import sys; sys.stdin.read()", "error: d.csv: line 3 is empty"


def test_the_error_of_a_worker_is_the_error(started, capsys):
    with pytest.raises(DataError) as caught:
        started(f"import sys; print('note: hm', file=sys.stderr); print({REASON!r}, file=sys.stderr); sys.exit(2)", STAYS)
    assert f"error: {caught.value}" == REASON
    assert capsys.readouterr().err == "note: hm\n", "what the first one says is passed on, but its error is said once"


def test_a_worker_that_is_killed_ends_the_others_and_is_named(started):
    with pytest.raises(DataError) as caught:
        started(
            STAYS, "import os, signal, sys; print('of late', file=sys.stderr, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
        )
    message = "process 1 of 2 was killed by SIGKILL (of late); --resume goes on from the last checkpoint"
    assert str(caught.value) == message


def test_of_a_native_stack_the_message_is_told(started):
    lines = (
        "F0000 00:00:1795616481.010026   13206 client.h:80] Another task died",
        "*** Check failure stack trace: ***",
        "    @ 0x7f71",
    )
    with pytest.raises(DataError, match=r"^process 0 of 1 was killed by SIGABRT \(Another task died\); --resume"):
        started(f"import os, sys; print(*{lines!r}, sep='\\n', file=sys.stderr, flush=True); os.abort()")


def test_of_two_that_died_the_one_that_knows_why_is_heard(started):
    broken = "import sys; print('error: XlaRuntimeError: Connection closed by peer', file=sys.stderr); sys.exit(1)"
    with pytest.raises(DataError) as caught:
        started(broken, f"import sys, time; time.sleep(0.3); print({REASON!r}, file=sys.stderr); sys.exit(2)")
    assert f"error: {caught.value}" == REASON


def test_workers_that_end_well_are_waited_for(started):
    started("import time; time.sleep(0.3)", "pass")


def test_the_logs_of_native_libraries_are_not_passed_on(started, capsys):
    lines = ["I0000 00:00:1795616481.010026   13206 cudart_stub.cc:31] Could not", "note: epoch 1"]
    started(f"import sys; print({lines[0]!r}, {lines[1]!r}, sep='\\n', file=sys.stderr)")
    assert capsys.readouterr().err == f"{lines[1]}\n"


# Whole trainings


def command(folder, backend, *flags):
    """A training in a folder, as it is typed: arguments of `subprocess`."""
    environment = os.environ | {
        "KERAS_BACKEND": backend,
        "PYTHONPATH": str(ROOT),
        "JAX_PLATFORMS": "cpu",
        "JAX_ENABLE_X64": "0",
    }
    arguments = [sys.executable, "-m", "recipes.sentiment", *TINY.split(), *flags]
    return {"args": arguments, "cwd": folder, "env": environment, "stdin": subprocess.DEVNULL, "text": True}


def trained(folder, backend, *flags):
    done = subprocess.run(**command(folder, backend, *flags), capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """With data, and a training on JAX of one process, `one`."""
    pytest.importorskip("jax")
    folder = tmp_path_factory.mktemp("shared")
    lines = [f"scene {i} {'fine' if i % 2 else 'dull'} {'end' * (i % 3)},{i % 2}" for i in range(80)]
    (folder / "d.csv").write_text("\n".join(["text,label", *lines]) + "\n")
    trained(folder, "jax", "--out", "one")
    return folder


def differences(folder, *names):
    """The largest of losses, and of weights, between two trainings of the same number of epochs."""
    histories = [json.loads((folder / name / "metrics.json").read_text())["history"] for name in names]
    assert len(histories[0]) == len(histories[1])
    losses = [abs(a[loss] - b[loss]) for a, b in zip(*histories, strict=True) for loss in ("loss", "val_loss")]
    weights = (presets.load(folder / name).get_weights() for name in names)
    return max(losses), max(np.abs(a - b).max() for a, b in zip(*weights, strict=True))


def test_two_processes_train_what_one_does(folder):
    done = trained(folder, "jax", "--out", "two", "--processes", "2")
    assert max(differences(folder, "one", "two")) < 1e-5
    lines = done.stdout.splitlines()
    assert lines.index("Epoch 1/5") == 1 and lines.count("Epoch 5/5") == 1, "the first process prints, and it alone"
    note = 'note: d.csv: CSV (",", with a header): text "text", label "label" (2 classes: 0, 1)\n'
    assert done.stderr == note and {path.name for path in (folder / "two").iterdir()} == {
        path.name for path in (folder / "one").iterdir()
    }


@full
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=lambda number: number.name)
def test_a_killed_command_takes_its_workers_along_and_is_resumed_by_one_process_on_two_devices(folder, number):
    out = f"cut-{number.name}"
    process = subprocess.Popen(
        **command(folder, "jax", "--out", out, "--processes", "2"), stdout=subprocess.PIPE, start_new_session=True
    )
    while "Epoch 3" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(number)
    process.wait()
    assert ended(process.pid)
    (checkpoint,) = (folder / out / "unfinished").rglob("*.npz")
    assert checkpoint.name == "checkpoint.npz"
    trained(folder, "jax", "--out", out, "--resume", "--devices", "2")
    assert max(differences(folder, "one", out)) < 1e-5


def ended(group, seconds=10):
    """Whether all processes of a group end by then."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@full
def test_on_tensorflow_two_devices_train_what_one_does(folder):
    """Dropout draws on each device and gradients are clipped on each: without, the weights are the same."""
    pytest.importorskip("tensorflow")
    same = ("--dropout", "0", "--clip-norm", "1000", "--epochs", "2")
    trained(folder, "tensorflow", "--out", "alone", *same)
    trained(folder, "tensorflow", "--out", "mirrored", "--devices", "2", *same)
    assert max(differences(folder, "alone", "mirrored")) < 1e-5


def test_gradients_are_clipped_to_a_share_where_each_device_clips_its_own(monkeypatch):
    monkeypatch.setattr(distribution, "worker_spec", lambda: WorkerSpec(0, 1, 4, ""))
    monkeypatch.setattr(distribution.backend, "BACKEND", "tensorflow")
    model = SimpleNamespace(optimizer=keras.optimizers.SGD(global_clipnorm=2.0))
    distribution.adapt(model, shuffle=True)
    assert model.optimizer.global_clipnorm == 0.5
    with pytest.raises(DataError, match="--devices: expected 1 where a state is carried"):
        distribution.adapt(model, shuffle=False)
