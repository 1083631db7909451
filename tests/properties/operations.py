"""Every operation of the document, called rightly, wrongly and with hostility."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import strategies as st

import world as words
from document import Document, Operation
from from_schema import Values, broken_json, hostile_numbers, hostile_texts, json_values, spoilt
from schema import ids
from slate import Answer, Call, Slate, segment
from world import World

# Two answers to one request may differ in these.
OF_ONE_ANSWER = ("x-request-id", "server-timing", "date", "transfer-encoding")
# These tell of the server itself, which goes on living between two calls.
LIVING = {"getMetrics", "getLoad"}

Draw = Callable[..., Any]


class Calls:
    """Requests for one operation."""

    def __init__(self, operation: Operation, document: Document, world: World) -> None:
        self.operation = operation
        self._document = document
        self._world = world
        self._values = Values(document, words.known_values(document))

    def _segments(self) -> dict[str, st.SearchStrategy[str]]:
        """What the names in the path stand for, so that it is there."""
        path = self.operation.path
        if path.startswith("/v1/loads"):
            return {"id": st.deferred(lambda: st.just(self._world.load))}
        if self.operation.id in ("putDatasource", "putList"):
            return {"id": st.sampled_from(["fresh", "A-b_9"])}
        which = "adults" if path.startswith("/v1/lists") else "people"
        return {"id": st.just(which), "rid": st.sampled_from(["0", "7"]) | ids, "field": st.sampled_from(self._fields())}

    def _fields(self) -> list[str]:
        """Those that a list's own call names, or that there are."""
        field = next((parameter for parameter in self.operation.parameters if parameter["name"] == "field"), None)
        schema = self._document.resolve(field["schema"]) if field else {}
        named: list[str] = schema.get("enum", words.PATHS)
        return named

    def _parameter(self, parameter: dict[str, Any]) -> st.SearchStrategy[str]:
        if parameter["name"] in words.PARAMETERS:
            return words.PARAMETERS[parameter["name"]]
        value = self._values.of(parameter["schema"])
        return value.map(lambda value: value if isinstance(value, str) else json.dumps(value))

    def _query(self) -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
        """Any of the parameters but cursors, which only an answer can give. `search` wants a field of type string."""
        named = {parameter["name"]: self._parameter(parameter) for parameter in self.operation.parameters
                 if parameter["in"] == "query" and parameter["name"] not in ("conditions", "cursor", "search")}
        query = st.fixed_dictionaries({}, optional=named).map(lambda chosen: tuple(chosen.items()))
        if "conditions" not in self.operation.names("query"):
            return query
        conditions = st.lists(words.conditions, max_size=2, unique_by=lambda parameter: parameter[0])
        return st.builds(lambda chosen, more: (*chosen, *more), query, conditions)

    def _headers(self) -> st.SearchStrategy[dict[str, str]]:
        known = {"Accept": st.sampled_from(self.operation.representations() or ["*/*"]),
                 "If-None-Match": st.sampled_from(['"a"', 'W/"b", "c"']),
                 "Prefer": st.sampled_from(["wait=0", "wait=1", "respond-async"]),
                 "Last-Event-ID": st.sampled_from(["end", "1"])}
        return st.fixed_dictionaries({}, optional={name: known[name] for name in self.operation.names("header")})

    def _path(self, segments: dict[str, str]) -> str:
        path = self.operation.path
        for name, text in segments.items():
            path = path.replace("{" + name + "}", segment(text))
        return path

    @staticmethod
    @st.composite
    def right(draw: Draw, calls: "Calls") -> Call:
        """A call with nothing wrong in it, as far as schemas and the words of the world can tell."""
        operation = calls.operation
        path = calls._path({name: draw(text) for name, text in calls._segments().items()})
        query, headers = draw(calls._query()), draw(calls._headers())
        if headers.get("Accept", "application/json") != "application/json":  # rows only, and no count of them
            query = tuple(parameter for parameter in query if parameter[0] != "count")
        if not operation.bodies:
            return Call(operation.method, path, query, headers)
        kind = draw(st.sampled_from(list(operation.bodies)))
        if kind == "application/x-ndjson":
            records = draw(calls._values.of(operation.bodies["application/json"]))
            body = "\n".join(json.dumps(record) for record in records)
        else:
            query = tuple(parameter for parameter in query if parameter[0] != "batch")
            body = json.dumps(draw(calls.body(kind)))
        return Call(operation.method, path, query, {**headers, "Content-Type": kind}, body.encode())

    def body(self, kind: str) -> st.SearchStrategy[Any]:
        values = self._values.of(self.operation.bodies[kind])
        if self.operation.id == "createDatasource":
            return st.builds(lambda value: {**value, "id": "fresh"}, values)
        return values.map(lambda value: {name: value[name] for name in value if name != "id"}
                          if self.operation.id == "putDatasource" else value)

    @staticmethod
    @st.composite
    def wrong(draw: Draw, calls: "Calls") -> Call:
        """A right call with one thing in it that the document does not allow."""
        call = draw(Calls.right(calls))
        ways = [calls._unknown_parameter, *(calls._wrong_parameter for _ in calls._checked_parameters()),
                *([calls._wrong_body, calls._no_json, calls._wrong_media_type] if calls.operation.bodies else [])]
        return draw(draw(st.sampled_from(ways))(call))

    def _checked_parameters(self) -> list[dict[str, Any]]:
        """Those whose schema tells more than that they are texts."""
        return [parameter for parameter in self.operation.parameters
                if parameter["in"] == "query" and ("enum" in parameter["schema"]
                                                   or parameter["schema"].get("type") in ("integer", "boolean"))]

    def _unknown_parameter(self, call: Call) -> st.SearchStrategy[Call]:
        names = hostile_texts.map(lambda text: "nothing" + text)
        return st.builds(lambda name, value: _with_query(call, name, value), names, hostile_texts)

    def _wrong_parameter(self, call: Call) -> st.SearchStrategy[Call]:
        def fits(parameter: dict[str, Any], text: str) -> bool:
            try:
                value = text if "enum" in parameter["schema"] else json.loads(text)
            except ValueError:
                return False
            return not self._document.mistakes(parameter["schema"], value)
        texts = st.one_of(hostile_texts, hostile_numbers.map(json.dumps))
        return st.tuples(st.sampled_from(self._checked_parameters()), texts).filter(
            lambda chosen: chosen[1] != "" and not fits(*chosen)).map(
            lambda chosen: _with_query(call, chosen[0]["name"], chosen[1]))

    def _wrong_body(self, call: Call) -> st.SearchStrategy[Call]:
        body_schema = self.operation.bodies["application/json"]
        return spoilt(self._values.of(body_schema)).filter(
            lambda value: bool(self._document.mistakes(body_schema, value))).map(
            lambda value: _with_body(call, json.dumps(value).encode()))

    def _no_json(self, call: Call) -> st.SearchStrategy[Call]:
        optional = self.operation.id.partition(".")[0] in ("query", "explain", "postListRows")
        return broken_json(self._values.of(self.operation.bodies["application/json"])).filter(
            lambda body: not is_json(body) and not (optional and body == b"")).map(
            lambda body: _with_body(call, body))

    def _wrong_media_type(self, call: Call) -> st.SearchStrategy[Call]:
        return st.sampled_from(["text/plain", "application/xml", "json", "application/jsonp"]).map(
            lambda kind: Call(call.method, call.path, call.query, {**call.headers, "Content-Type": kind}, call.body))

    @staticmethod
    @st.composite
    def hostile(draw: Draw, calls: "Calls") -> Call:
        """Anything where the document has something."""
        operation = calls.operation
        texts = hostile_texts | st.just("\ud800") | hostile_numbers.map(str)
        segments = {name: draw(kind | hostile_texts.filter(lambda text: text not in ("", ".", "..")))
                    for name, kind in calls._segments().items()}
        names = st.sampled_from(sorted(operation.names("query")) or ["x"]) | hostile_texts
        query = draw(st.lists(st.tuples(names, texts), max_size=4).map(tuple))
        # Field values as RFC 9110 has them; the parser's fuzzer sends others.
        lines = st.text(st.characters(min_codepoint=0x21, max_codepoint=0xff, blacklist_characters="\x7f"), max_size=20)
        header_names = st.sampled_from(["Accept", "Accept-Encoding", "If-None-Match", "Prefer", "Last-Event-ID",
                                        "X-Request-Id", "traceparent", "Content-Encoding"])
        headers = draw(st.dictionaries(header_names, lines, max_size=2))
        body = None
        if operation.bodies:
            headers["Content-Type"] = draw(st.sampled_from([*operation.bodies, "application/json"]))
            values = calls.body("application/json")
            body = draw(broken_json(values) | st.one_of(json_values, spoilt(values)).map(
                lambda value: json.dumps(value).encode()))
        return Call(operation.method, calls._path(segments), query, headers, body)


def _with_query(call: Call, name: str, value: str) -> Call:
    rest = tuple(parameter for parameter in call.query if parameter[0] != name)
    return Call(call.method, call.path, (*rest, (name, value)), call.headers, call.body)


def _with_body(call: Call, body: bytes) -> Call:
    return Call(call.method, call.path, call.query, {**call.headers, "Content-Type": "application/json"}, body)


def is_json(body: bytes) -> bool:
    """Whether RFC 8259 would say so; Python's reader takes more."""
    def refuse(word: str) -> None:
        raise ValueError(word)
    try:
        json.loads(body.decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError):
        return False
    return True


class Checks:
    """Calls an operation and asserts what holds for every answer."""

    def __init__(self, slate: Slate, document: Document, world: World) -> None:
        self._slate = slate
        self._document = document
        self._world = world
        self._changed = True

    def right(self, operation: Operation, call: Call) -> None:
        answer = self._call(operation, call)
        allowed = answer.status < 400 or answer.status in words.REFUSALS.get(operation.id, set())
        assert allowed, f"nothing was wrong with it: {answer.status} {answer.body.decode()}"
        if call.headers.get("Content-Type") == "application/json":
            mistakes = self._document.mistakes(operation.bodies["application/json"], json.loads(call.body or b"null"))
            assert not mistakes, f"a right body that is not described: {mistakes}"

    def wrong(self, operation: Operation, call: Call) -> None:
        answer = self._call(operation, call)
        assert 400 <= answer.status < 500 or answer.status == 501, \
            f"it was accepted: {answer.status} {answer.body[:500]!r}"

    def hostile(self, operation: Operation, call: Call) -> None:
        answer = self._call(operation, call)
        assert answer.status < 500 or answer.status == 501, f"{answer.status} {answer.body!r}"

    def _call(self, operation: Operation, call: Call) -> Answer:
        if self._changed:
            self._world.reset()
        answer = self._slate.call(call)
        self._changed = answer.status < 400 and operation.method != "GET"
        self._document.check(operation, answer)
        if operation.method == "GET":
            self._check_head(operation, call, answer)
            if answer.status == 200 and "etag" in answer.headers:
                self._check_again(operation, call, answer)
        return answer

    def _check_head(self, operation: Operation, call: Call, got: Answer) -> None:
        """HEAD is GET without a body."""
        head = self._slate.call(Call("HEAD", call.path, call.query, call.headers))
        self._document.check(operation, head, head=True)
        assert head.body == b""
        if operation.id in LIVING:
            return
        assert head.status == got.status, f"HEAD is {head.status}, GET {got.status}"
        # How long a stream is need not be told by HEAD.
        lasting = {name: value for name, value in _lasting(got).items()
                   if name != "content-length" or name in head.headers}
        assert _lasting(head) == lasting, f"HEAD has {head.headers}, GET {got.headers}"

    def _check_again(self, operation: Operation, call: Call, got: Answer) -> None:
        """The same once more, with the tag of what was got."""
        headers = {**call.headers, "If-None-Match": got.headers["etag"]}
        again = self._slate.call(Call(call.method, call.path, call.query, headers))
        self._document.check(operation, again)
        assert again.status == 304, f"its own ETag is {again.status}"
        assert again.headers["etag"] == got.headers["etag"]

    def methods(self) -> None:
        """OPTIONS and 405 tell the methods that the document does."""
        for path in self._document.json["paths"]:
            described = self._document.methods(path) | {"OPTIONS"}
            described |= {"HEAD"} if "GET" in described else set()
            concrete = path.replace("{id}", "x").replace("{rid}", "x").replace("{field}", "x")
            allowed = self._slate.call(Call("OPTIONS", concrete))
            assert allowed.status == 204 and allowed.body == b"", f"OPTIONS {path}: {allowed.status}"
            assert _words(allowed.headers["allow"]) == described, f"OPTIONS {path}: {allowed.headers['allow']}"
            for method in {"GET", "PUT", "POST", "DELETE", "PATCH", "TRACE", "NONE"} - described:
                refused = self._slate.call(Call(method, concrete))
                assert refused.status == 405, f"{method} {path}: {refused.status}"
                assert _words(refused.headers["allow"]) == described, f"{method} {path}: {refused.headers['allow']}"


def _lasting(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in OF_ONE_ANSWER}


def _words(header: str) -> set[str]:
    return {word.strip() for word in header.split(",")}


Property = Callable[[Operation, Call], None]


def properties(checks: Checks) -> Iterator[tuple[str, Callable[[Calls], st.SearchStrategy[Call]], Property]]:
    yield "right", Calls.right, checks.right
    yield "wrong", Calls.wrong, checks.wrong
    yield "hostile", Calls.hostile, checks.hostile
