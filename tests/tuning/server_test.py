"""A chief among strangers: what no worker of the search sends is refused, and the search ends with its own trials."""

import contextlib
import math
import threading

import grpc
import pytest
from keras_tuner.src import protos

from seqzoo.errors import DataError
from seqzoo.training import rendezvous
from seqzoo.tuning import coordination, search
from seqzoo.tuning import space as tuning_space
from seqzoo.tuning.search import Plan
from seqzoo.tuning.space import Range

SPACE = {"units": (8, 16), "rate": Range(0.001, 0.1)}
MESSAGES, TRIALS = protos.get_service(), protos.get_proto()
GOOD = {"quality": 1.0, "epochs": 2.0, "seconds": 3.0}


@pytest.fixture
def address(monkeypatch):
    """The address of a chief, which this process is."""
    host, _, port = rendezvous.free_address().partition(":")
    for name, value in {coordination.ID: "chief", coordination.IP: host, coordination.PORT: port}.items():
        monkeypatch.setenv(name, value)
    return f"{host}:{port}"


@contextlib.contextmanager
def beside(work, address):
    """Context in which a thread works as a client of the chief. Its error is raised at the end."""
    errors = []

    def run():
        try:
            with grpc.insecure_channel(address) as channel:
                grpc.channel_ready_future(channel).result(30)
                work(Client(channel))
        except BaseException as error:
            errors.append(error)
            raise

    thread = threading.Thread(target=run)
    thread.start()
    yield
    thread.join(60)
    assert not errors and not thread.is_alive()


class Client:
    """A worker that is written by hand."""

    def __init__(self, channel):
        self.channel = channel

    def send(self, kind, request):
        data = request if isinstance(request, bytes) else request.SerializeToString()
        return self.channel.unary_unary(f"/keras_tuner.Oracle/{kind}")(data, timeout=30)

    def refused(self, kind, request, code=grpc.StatusCode.INVALID_ARGUMENT):
        with pytest.raises(grpc.RpcError) as caught:
            self.send(kind, request)
        assert caught.value.code() == code, (kind, caught.value)

    def next_trial(self):
        answer = self.send("CreateTrial", MESSAGES.CreateTrialRequest(tuner_id="honest"))
        return MESSAGES.CreateTrialResponse.FromString(answer).trial

    def end(self, trial, metrics=GOOD):
        self.send("UpdateTrial", update(trial.trial_id, metrics))
        self.send("EndTrial", ended(trial))


def update(trial_id, metrics):
    return MESSAGES.UpdateTrialRequest(trial_id=trial_id, metrics=metrics)


def ended(trial, status=TRIALS.COMPLETED, **values):
    """The message that a trial ended, with other values; None for none."""
    copy = TRIALS.Trial.FromString(trial.SerializeToString())
    copy.status = status
    for name, value in values.items():
        copy.hyperparameters.values.values[name].CopyFrom(value or TRIALS.Value())
    return MESSAGES.EndTrialRequest(trial=copy)


def string(value):
    return TRIALS.Value(string_value=value)


def without_values(trial):
    request = ended(trial)
    request.trial.hyperparameters.ClearField("values")
    return request


def strange_ends(trial):
    yield from (ended(trial, units=string(value)) for value in ("128", "garbage", '"8"', "8.0", "", "[" * 9999))
    yield from (ended(trial, rate=TRIALS.Value(float_value=value)) for value in (0.5, math.nan, math.inf, -1.0))
    yield from (ended(trial, units=value) for value in (None, TRIALS.Value(int_value=8), TRIALS.Value(boolean_value=True)))
    yield from (ended(trial, status) for status in (99, TRIALS.UNKNOWN, TRIALS.RUNNING, TRIALS.STOPPED))
    yield ended(trial, other=string("8"))
    yield without_values(trial)
    yield MESSAGES.EndTrialRequest()
    yield b"\xff\xfe garbage"
    unknown = ended(trial)
    unknown.trial.trial_id = "77"
    yield unknown


def strange_updates(trial):
    yield from (update(name, GOOD) for name in ("", "77", "../..", "x" * 3_000_000))
    for name in GOOD:
        yield update(trial.trial_id, GOOD | {name: math.inf})
        yield update(trial.trial_id, {other: value for other, value in GOOD.items() if other != name})
    yield from (update(trial.trial_id, GOOD | {name: math.nan}) for name in ("epochs", "seconds"))
    yield update(trial.trial_id, GOOD | {"loss": 1.0})


def strangers(client, trial):
    """Sends what no worker sends, while a trial runs."""
    for request in strange_ends(trial):
        client.refused("EndTrial", request)
    for request in strange_updates(trial):
        client.refused("UpdateTrial", request)
    for name in ("", "a\nb", "\x1b[2J", "x" * 3_000_000):
        client.refused("CreateTrial", MESSAGES.CreateTrialRequest(tuner_id=name))
    client.refused("GetTrial", MESSAGES.GetTrialRequest(trial_id="77"))
    alien = TRIALS.HyperParameters(space=TRIALS.HyperParameters.Space(int_space=[TRIALS.Int(name="alien", max_value=9)]))
    client.refused("UpdateSpace", MESSAGES.UpdateSpaceRequest(hyperparameters=alien))
    client.refused("GetBestTrials", MESSAGES.GetBestTrialsRequest(num_trials=-1))
    client.refused("CreateTrial", b"\x0a\x05" + b"x" * 5_000_000, grpc.StatusCode.RESOURCE_EXHAUSTED)
    client.refused("Other", b"", grpc.StatusCode.UNIMPLEMENTED)


def run(folder, **plan):
    search.begin(folder, {})
    return search.explore(None, folder, Plan(**plan), SPACE)


@pytest.mark.parametrize("tuner", ["random", "bayesian", "hyperband"])
def test_strangers_neither_end_a_search_nor_reach_its_trials(tmp_path, address, tuner, capfd):
    def work(client):
        trial, given = client.next_trial(), 0
        client.refused("EndTrial", ended(trial))  # before its results
        while trial.status != TRIALS.STOPPED:
            if given < 2:
                strangers(client, trial)
            client.end(trial, GOOD | {"quality": math.nan if given == 1 else float(given)})
            strangers(client, trial)
            trial, given = client.next_trial(), given + 1

    with beside(work, address):
        trials = run(tmp_path, tuner=tuner, max_trials=4, epochs=4)
    assert sorted(trial.number for trial in trials) == [0, 1, 2, 3]
    assert [trial.quality for trial in trials] == [3.0, 2.0, 0.0, -math.inf]
    for trial in trials:
        assert trial.values["units"] in SPACE["units"] and 0.001 <= trial.values["rate"] <= 0.1 and len(trial.values) == 2
    lines = capfd.readouterr().err.splitlines()
    notes = [line for line in lines if line.startswith("note: the search refuses a request ")]
    kinds = [note.removeprefix("note: the search refuses a request ").split()[0] for note in notes]
    assert sorted(kinds) == ["CreateTrial", "EndTrial", "GetBestTrials", "GetTrial", "UpdateSpace", "UpdateTrial"]
    assert "Traceback" not in "".join(lines) and all(line.isprintable() and len(line) < 300 for line in lines)


def test_the_last_result_of_a_trial_counts(tmp_path, address):
    """Not its mean with those of a worker that was lost."""

    def work(client):
        trial = client.next_trial()
        client.send("UpdateTrial", update(trial.trial_id, GOOD | {"quality": 9.0}))
        client.end(trial, GOOD)
        client.next_trial()

    with beside(work, address):
        assert [trial.quality for trial in run(tmp_path, max_trials=1)] == [1.0]


def test_an_error_of_the_chief_itself_ends_the_search(tmp_path, address, monkeypatch):
    def full(oracle, trial):
        raise OSError(28, "No space left on device")

    def work(client):
        with pytest.raises(grpc.RpcError, match="No space left"):
            client.next_trial()

    monkeypatch.setattr("keras_tuner.Oracle._save_trial", full)
    with beside(work, address), pytest.raises(OSError, match="No space left"):
        run(tmp_path, max_trials=1)


def test_two_chiefs_do_not_share_an_address(tmp_path, address):
    def work(client):
        search.begin(tmp_path / "other", {})
        with pytest.raises(DataError, match="expected an address to listen at"):
            search.explore(None, tmp_path / "other", Plan(), SPACE)
        client.end(client.next_trial())
        client.next_trial()

    with beside(work, address):
        assert len(run(tmp_path / "first", max_trials=1)) == 1


def test_a_file_with_a_value_outside_the_space_costs_its_trial(tmp_path, address, monkeypatch, capsys):
    for name in (coordination.ID, coordination.IP, coordination.PORT):
        monkeypatch.delenv(name)
    search.begin(tmp_path, {})
    first = search.explore(lambda values: (1.0, 1), tmp_path, Plan("grid"), {"units": (8, 16)})
    path = tmp_path / "trials" / "trial_0000" / "trial.json"
    path = next(path for path in (tmp_path / "trials").glob("trial_*/trial.json") if '"units": "8"' in path.read_text())
    path.write_text(path.read_text().replace('"units": "8"', '"units": "garbage"'))
    again = search.explore(lambda values: (1.0, 1), tmp_path, Plan("grid"), {"units": (8, 16)})
    assert [trial.values for trial in first] == [{"units": 8}, {"units": 16}]
    assert {trial.values["units"] for trial in again} == {8, 16} and "was torn or changed" in capsys.readouterr().out


@pytest.mark.parametrize(
    "offered, value", [(True, 0.1), (True, 1), (False, 1.5), (False, "1"), (False, True), (False, math.nan)]
)
def test_a_range_offers_its_numbers(offered, value):
    (rate,) = tuning_space.hyperparameters_of({"rate": Range(0.0, 1.0)}).space
    assert tuning_space.offers(rate, value) is offered


@pytest.mark.parametrize("offered, value", [(True, "8"), (True, "null"), (False, 8), (False, "garbage"), (False, "true")])
def test_a_choice_offers_its_values(offered, value):
    (units,) = tuning_space.hyperparameters_of({"units": (8, None)}).space
    assert tuning_space.offers(units, value) is offered
