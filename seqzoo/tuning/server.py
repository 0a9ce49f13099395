"""Server of a search's chief: answers the requests of workers, each after a check.

Any process that reaches the address of the chief may send requests. A request that no worker of the search sends is refused:
its sender gets an error, standard error gets one note for each kind of request, and the search goes on.

Importing this module takes a second: import it where it is used.
"""

import json
import math
from concurrent.futures import ThreadPoolExecutor

import grpc
from keras_tuner.engine.trial import Trial
from keras_tuner.src import protos  # not public, but the only server that workers of KerasTuner know
from keras_tuner.src.distribute.oracle_chief import OracleServicer

from seqzoo.errors import DataError, note, one_line
from seqzoo.tuning.space import offers

RESULTS = {"quality", "epochs", "seconds"}
LONGEST_ID = 200  # characters


def start(oracle, address, on_error):
    """Starts to answer requests to an oracle.

    Args:
        oracle: an `oracles.ResumableOracle`.
        address: what gRPC listens at.
        on_error: a function that is called with an error of the oracle itself, for example of a full disk.

    Returns:
        The `grpc.Server`.

    Raises:
        RuntimeError: gRPC cannot listen at the address.
    """
    one_thread, own_port = ThreadPoolExecutor(max_workers=1), [("grpc.so_reuseport", 0)]
    server = grpc.server(one_thread, options=own_port, interceptors=[CheckRequests(oracle, on_error)])
    protos.get_service_grpc().add_OracleServicer_to_server(OracleServicer(oracle), server)
    server.add_insecure_port(address)
    server.start()
    return server


class CheckRequests(grpc.ServerInterceptor):
    """Refuses requests that no worker of a search sends. The arguments are those of `start`."""

    def __init__(self, oracle, on_error):
        self.oracle, self.on_error, self.refused = oracle, on_error, set()

    def intercept_service(self, continuation, details):
        handler, kind = continuation(details), details.method.rpartition("/")[2]
        if handler is None:
            return None

        def answer(data, context):
            try:
                request = handler.request_deserializer(data)
                check(self.oracle, kind, request)
            except Exception as error:
                message = str(error) if isinstance(error, DataError) else f"{type(error).__name__} while it was read"
                self._refuse(kind, message, context)
            try:
                return handler.unary_unary(request, context)
            except Exception as error:
                self.on_error(error)
                context.abort(grpc.StatusCode.INTERNAL, one_line(error, 150))

        return grpc.unary_unary_rpc_method_handler(answer, response_serializer=handler.response_serializer)

    def _refuse(self, kind, message, context):
        if kind not in self.refused:
            self.refused.add(kind)
            note(f"the search refuses a request {kind} from {context.peer()}: {message}")
        context.abort(grpc.StatusCode.INVALID_ARGUMENT, f"{kind}: {message}")


def check(oracle, kind, request):
    """Raises a `DataError`, or whatever KerasTuner raises, for a request that no worker of the oracle's search sends."""
    if kind not in CHECKS:
        raise DataError(f"expected one of {', '.join(CHECKS)}")
    CHECKS[kind](oracle, request)


def _check_create_trial(_, request):
    name = request.tuner_id
    if not (name.isprintable() and 0 < len(name) <= LONGEST_ID):
        raise DataError(f"expected a worker's id of 1 to {LONGEST_ID} printable characters, got {len(name)}: {name[:20]!r}")


def _check_get_trial(oracle, request):
    _trial(oracle, request.trial_id)


def _check_update_trial(oracle, request):
    _trial(oracle, request.trial_id)
    if set(request.metrics) != RESULTS:
        raise DataError(f"expected {', '.join(sorted(RESULTS))}, got {', '.join(sorted(request.metrics))[:60]!r}")
    for name, value in request.metrics.items():
        if value == math.inf or (name != "quality" and not 0 <= value < math.inf):
            raise DataError(f"expected a possible {name}, got {value}")


def _check_end_trial(oracle, request):
    given, trial = _trial(oracle, request.trial.trial_id), Trial.from_proto(request.trial)
    if trial.status not in ("COMPLETED", "INVALID", "FAILED"):
        raise DataError(f"expected the status of a trial that ends, got {trial.status}")
    if trial.status == "COMPLETED" and not given.metrics.exists("quality"):
        raise DataError(f"expected results of trial {int(given.trial_id)} before its end")
    _check_values(given.hyperparameters, trial.hyperparameters, oracle.allow_new_entries)
    if not oracle.allow_new_entries:
        request.trial.hyperparameters.CopyFrom(given.hyperparameters.to_proto())


def _check_values(given, sent, allow_new):
    """Checks that the values of a trial are those that the chief gave, and others only from a model builder's own space."""
    for name, value in sent.values.items():
        if name in given.values:
            valid = json.dumps(value) == json.dumps(given.values[name])
        else:
            valid = allow_new and any(offers(each, value) for each in sent.space if each.name == name)
        if not valid:
            expected = given.values.get(name, "a value of the search space")
            raise DataError(f"{name[:60]!r}: expected {expected}, got {str(value)[:60]!r}")
    if missing := set(given.values) - set(sent.values):
        raise DataError(f"expected a value of {', '.join(sorted(missing))}, got none")


def _trial(oracle, trial_id):
    if trial_id not in oracle.trials:
        raise DataError(f"expected the id of a trial of this search, got {trial_id[:20]!r}")
    return oracle.trials[trial_id]


CHECKS = {
    "CreateTrial": _check_create_trial,
    "GetTrial": _check_get_trial,
    "UpdateTrial": _check_update_trial,
    "EndTrial": _check_end_trial,
}
