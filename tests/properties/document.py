"""The OpenAPI document that a server gives, and whether an answer is what it says."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, RefResolver

from slate import Answer, Slate

METHODS = ("get", "put", "post", "delete", "patch")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
# Of the connection and of codings: any answer may have them.
OF_TRANSPORT = {"connection", "content-encoding", "content-length", "content-type", "date", "transfer-encoding", "vary"}

FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def is_time(value: object) -> bool:
    """RFC 3339 in UTC, in whole seconds."""
    return not isinstance(value, str) or bool(TIME.fullmatch(value) and datetime.fromisoformat(value))


@dataclass(frozen=True)
class Operation:
    id: str
    method: str  # in upper case
    path: str
    parameters: tuple[dict[str, Any], ...]
    bodies: dict[str, Any]  # schemas by media type
    responses: dict[str, Any]

    def names(self, place: str) -> set[str]:
        return {parameter["name"] for parameter in self.parameters if parameter["in"] == place}

    def representations(self) -> list[str]:
        return list(self.responses.get("200", {}).get("content", {}))


class Document:
    def __init__(self, slate: Slate) -> None:
        self.json: dict[str, Any] = slate.ask("GET", "/openapi.json").json()
        self._resolver = RefResolver.from_schema(self.json)
        for schema in self.json["components"]["schemas"].values():
            Draft202012Validator.check_schema(schema)

    def operations(self) -> Iterator[Operation]:
        for path, item in self.json["paths"].items():
            for method in METHODS:
                if method in item:
                    yield self._operation(path, method, item[method])

    def _operation(self, path: str, method: str, item: dict[str, Any]) -> Operation:
        content = item.get("requestBody", {}).get("content", {})
        responses = {status: self.resolve(response) for status, response in item["responses"].items()}
        parameters = tuple(self.resolve(parameter) for parameter in item.get("parameters", ()))
        return Operation(item["operationId"], method.upper(), path, parameters,
                         {kind: media["schema"] for kind, media in content.items()}, responses)

    def methods(self, path: str) -> set[str]:
        return {method.upper() for method in METHODS if method in self.json["paths"][path]}

    def resolve(self, part: dict[str, Any]) -> dict[str, Any]:
        return self._resolver.resolve(part["$ref"])[1] if "$ref" in part else part

    def mistakes(self, schema: dict[str, Any], value: Any) -> list[str]:
        validator = Draft202012Validator(schema, resolver=self._resolver, format_checker=FORMATS)
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]

    def check(self, operation: Operation, answer: Answer, head: bool = False) -> None:
        """Asserts that an answer is one of those that the document tells of."""
        response = operation.responses.get(str(answer.status))
        assert response is not None, f"{answer.status} is not described: {answer.body[:500]!r}"
        self._check_headers(response["headers"], answer)
        if not head:
            self._check_body(response.get("content"), answer)
        if answer.status >= 400 and not head:
            check_problem(answer)

    def _check_headers(self, described: dict[str, Any], answer: Answer) -> None:
        names = {name.lower() for name in described}
        required = {name.lower() for name, header in described.items() if self.resolve(header)["required"]}
        lacking = required - answer.headers.keys()
        assert not lacking, f"{answer.status} lacks {lacking}"
        extra = answer.headers.keys() - names - OF_TRANSPORT
        assert not extra, f"{answer.status} has {extra}, which are not described"

    def _check_body(self, content: dict[str, Any] | None, answer: Answer) -> None:
        if content is None:
            assert answer.body == b"", f"{answer.status} has a body: {answer.body[:200]!r}"
            return
        media = content.get(answer.media_type())
        assert media is not None, f"{answer.media_type()} is not described"
        text = answer.body.decode("utf-8")
        if answer.media_type() == "application/x-ndjson":
            for line in text.splitlines():
                assert "_id" in json.loads(line), f"a line without an id: {line}"
        elif answer.media_type().endswith("json"):
            mistakes = self.mistakes(media["schema"], json.loads(text))
            assert not mistakes, f"the body is not what is described: {mistakes}: {text[:1000]}"


def check_problem(answer: Answer) -> None:
    """What docs/errors.md promises of every error, beyond its schema."""
    problem = answer.json()
    assert problem["status"] == answer.status, problem
    assert problem["request_id"] == answer.headers["x-request-id"], problem
    assert problem["type"].endswith("#" + problem["code"]), problem
    assert problem["title"] and problem["detail"], problem
    assert problem["code"] != "internal", problem
