"""Client for the golden model that a TypeScript program serves (serveOracle of the npm package cocotb-bridge).

    from cocotb_bridge_oracle import connect

    oracle = connect()                                  # address and token from the environment
    expected = oracle.call("linear", x=[1, 2, 3])       # waits for the answer
    later = oracle.submit("linear", x=[4, 5, 6])        # asks, and goes on
    ...
    expected = later.result()

Calls block the simulation, which is what a test wants: no simulated time passes. Integers of any size arrive exactly.
Needs nothing but Python 3.8.
"""

import json
import os
import socket
import subprocess

_TAG = "$int"
_LARGEST = 2**53 - 1


class OracleError(Exception):
    """The golden model raised an error, or cannot be reached; `name` is the JavaScript error's name."""

    def __init__(self, message, name="Error"):
        super().__init__(message)
        self.name = name


class Pending:
    """An answer that may still be under way."""

    def __init__(self, oracle, identity):
        self._oracle = oracle
        self._identity = identity

    def result(self):
        """Waits for the answer. Raises OracleError if the golden model raised."""
        return self._oracle._wait(self._identity)


class Oracle:
    """A connection to a golden model. Not for use from several threads at once."""

    def __init__(self, reader, writer, token=None, close=None):
        self._reader = reader
        self._writer = writer
        self._token = token
        self._close = close
        self._last = 0
        self._answers = {}

    def call(self, method, **params):
        """Asks and waits. Raises OracleError if the golden model raised."""
        return self.submit(method, **params).result()

    def submit(self, method, **params):
        """Asks without waiting; several questions may be under way."""
        self._last += 1
        request = {"id": self._last, "method": method, "params": _tag(params)}
        if self._token is not None:
            request["token"] = self._token
        # NaN and infinity are not JSON: better an error here than one about syntax at the other end.
        line = json.dumps(request, allow_nan=False, separators=(",", ":"))
        try:
            self._writer.write(line.encode() + b"\n")
            self._writer.flush()
        except OSError as error:
            raise OracleError("the golden model is gone: {}".format(error)) from error
        return Pending(self, self._last)

    def _wait(self, identity):
        while identity not in self._answers:
            line = self._reader.readline()
            if not line:
                raise OracleError("the golden model closed the connection; see its output")
            answer = json.loads(line, object_hook=_untag)
            self._answers[answer.get("id")] = answer
        answer = self._answers.pop(identity)
        if "error" in answer:
            raise OracleError(answer["error"]["message"], answer["error"].get("name", "Error"))
        return answer["result"]

    def close(self):
        if self._close is not None:
            self._close()
            self._close = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def connect(address=None, token=None, timeout=60.0):
    """Connects to a server on 127.0.0.1; `timeout` (seconds) bounds the wait for an answer."""
    address = address or os.environ.get("COCOTB_BRIDGE_ORACLE")
    token = token or os.environ.get("COCOTB_BRIDGE_TOKEN")
    if not address:
        raise OracleError("COCOTB_BRIDGE_ORACLE is not set: run the test through runCocotb({ oracle: … })")
    host, port = address.rsplit(":", 1)
    try:
        connection = socket.create_connection((host, int(port)), timeout)
    except OSError as error:
        raise OracleError("no golden model at {}: {}".format(address, error)) from error
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Oracle(connection.makefile("rb"), connection.makefile("wb"), token, connection.close)


def spawn(command):
    """Starts a golden model that talks over its standard input and output (serveOracleStreams)."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def close():
        process.stdin.close()
        process.wait()
        process.stdout.close()

    return Oracle(process.stdout, process.stdin, None, close)


def _tag(value):
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -_LARGEST <= value <= _LARGEST else {_TAG: str(value)}
    if isinstance(value, dict):
        return {key: _tag(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_tag(item) for item in value]
    return value


def _untag(value):
    return int(value[_TAG]) if set(value) == {_TAG} else value
