"""A Slate of our own, and calls to it."""

import http.client
import json
import re
import subprocess
import tempfile
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import quote, urlencode

SERVING = re.compile(r"is serving on http://127\.0\.0\.1:(\d+)")


@dataclass(frozen=True)
class Call:
    """A request as a test makes it: nothing is escaped yet."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None

    def target(self) -> str:
        return self.path + ("?" + urlencode(self.query, errors="surrogatepass") if self.query else "")


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]  # by their names in lower case
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0]


def segment(text: str) -> str:
    """A text as one segment of a path."""
    return quote(text, safe="", errors="surrogatepass")


class Slate:
    """`slate serve` on a free port of loopback, with a folder that goes with it. A context manager."""

    def __init__(self, program: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="slate-properties-")
        self._log = open(f"{self._folder.name}/log", "w+", encoding="utf-8")
        self._process = subprocess.Popen(
            [program, "serve", "--data", f"{self._folder.name}/data", "--durability", "os",
             "--listen", "127.0.0.1:0", "--log-level", "warning"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._log, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        serving = SERVING.search(line)
        if not serving:
            self._stop()
            raise RuntimeError(f"slate did not start: {line}{self.log()}")
        self._connection = http.client.HTTPConnection("127.0.0.1", int(serving[1]), timeout=60)

    def __enter__(self) -> "Slate":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._connection.close()
        self._stop()
        self._log.close()
        self._folder.cleanup()

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def log(self) -> str:
        """The last of what the server has logged."""
        self._log.seek(0)
        return self._log.read()[-4000:]

    def call(self, call: Call) -> Answer:
        """Asks over one connection. It is opened again when the server has closed it, as it may between requests."""
        try:
            return self._call(call)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self._connection.close()
            return self._call(call)

    def _call(self, call: Call) -> Answer:
        self._connection.request(call.method, call.target(), call.body, call.headers)
        response = self._connection.getresponse()
        body = response.read()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)

    def ask(self, method: str, path: str, body: Any = None, query: dict[str, Any] | None = None) -> Answer:
        """A call with a JSON body, for what a test needs on its way."""
        return self.call(Call(method, path, tuple((name, str(value)) for name, value in (query or {}).items()),
                              {} if body is None else {"Content-Type": "application/json"},
                              None if body is None else json.dumps(body).encode()))
