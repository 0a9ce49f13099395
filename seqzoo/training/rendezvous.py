"""Rendezvous: how the processes of a JAX training meet, and at which addresses they listen.

Process 0 listens at the address of `--coordinator`. Every process listens for the sums of gradients on CPUs at its own address
on the way to process 0. So processes on one host listen at 127.0.0.1 alone, whatever the name of the host stands for.
"""

import functools
import importlib
import os
import socket
import time

import keras

from seqzoo.errors import DataError

TIMEOUT = 300  # seconds until all workers must be there, as in JAX


def free_address():
    """A `host:port` at which no process of this host listens, and which no other host reaches."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"127.0.0.1:{listener.getsockname()[1]}"


def join(worker):
    """Joins the other processes of a `distribution.WorkerSpec`.

    Raises:
        DataError: process 0 cannot listen at the coordinator's address, or does not.
    """
    host, port = worker.coordinator.rsplit(":", 1)
    at = host.strip("[]"), int(port)
    address = _await(at, worker.coordinator) if worker.number else _check_free(at, worker.coordinator)
    _set_collectives_address(address)
    os.environ["JAX_COORDINATOR_BIND_ADDRESS"] = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    keras.distribution.initialize(worker.coordinator, worker.processes, worker.number)


def _check_free(at, coordinator):
    """The numeric address of this host, where process 0 is going to listen. (JAX would share a port with another process.)"""
    try:
        family = socket.getaddrinfo(*at, type=socket.SOCK_STREAM)[0][0]
        with socket.create_server(at, family=family) as listener:
            return listener.getsockname()[0]
    except OSError as error:
        message = f"--coordinator: expected a free port of an address of this host, got {coordinator}"
        raise DataError(f"{message} ({error.strerror or error})") from error


def _await(at, coordinator):
    """The address of this host on the way to process 0, once process 0 listens. (JAX would abort if it does not yet.)"""
    deadline = time.monotonic() + TIMEOUT
    while True:
        try:
            with socket.create_connection(at, timeout=5) as connection:
                return connection.getsockname()[0]
        except OSError as error:
            if time.monotonic() > deadline:
                message = f"--coordinator: expected process 0 at {coordinator}, waited {TIMEOUT} seconds"
                raise DataError(f"{message} ({error.strerror or error})") from error
            time.sleep(1)


def _set_collectives_address(address):
    """Sets where JAX listens for the collectives of CPUs; by default at the address of the host's name."""
    jaxlib = importlib.import_module("jaxlib._jax")  # not public, but JAX has no flag for the address
    jaxlib.make_gloo_tcp_collectives = functools.partial(jaxlib.make_gloo_tcp_collectives, hostname=address)
