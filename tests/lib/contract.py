# docs/openapi.yaml as tests use it: finds the operation of a request, and says in what an answer departs from the document.
# Leaves to tests/contract whether the document fits the sources, and to tests/api what to ask.
import collections, json, pathlib, re, urllib.parse

import jsonschema, yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WRITES = ("post", "put", "delete")
NOT_FOR_ALL = ("session", "operator", "admin")
ALIKE = 50


def load():
    with open(ROOT / "docs/openapi.yaml") as file:
        return yaml.load(file, yaml.CSafeLoader)


DOCUMENT = load()
CODES = DOCUMENT["components"]["schemas"]["ErrorCode"]["x-codes"]


def resolve(part):
    """The part itself, or what its $ref names."""
    while isinstance(part, dict) and "$ref" in part:
        reference, part = part["$ref"], DOCUMENT
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]
    return part


def statuses_of(code):
    status = CODES[code]["status"]
    return status if isinstance(status, list) else [status]


class Operation:
    """One method of one path."""

    def __init__(self, path, method, item):
        spec = item[method]
        self.path, self.method, self.spec, self.access = path, method, spec, spec["x-access"]
        self.step_up = spec.get("x-step-up", False)
        self.parameters = [resolve(parameter) for parameter in item.get("parameters", []) + spec.get("parameters", [])]
        self.body = spec["requestBody"]["content"]["application/json"]["schema"] if "requestBody" in spec else None
        self.responses = {status: resolve(response) for status, response in spec["responses"].items()}
        self.codes = set(spec.get("x-errors", [])) | self.shared_codes()
        self.form = re.compile("/".join("[^/]+" if part.startswith("{") else re.escape(part) for part in path.split("/")))

    def __str__(self):
        return f"{self.method.upper()} {self.path}"

    def shared_codes(self):
        """The codes that info.description gives every operation of its kind."""
        codes = {"INVALID_REQUEST"}
        if self.body is not None:
            codes |= {"INVALID_JSON", "UNKNOWN_FIELD"}
        if self.access == "open":
            return codes
        codes |= {"SETUP_REQUIRED", "UNAUTHENTICATED"}
        if self.method in WRITES:
            codes.add("CSRF_FAILED")
        if self.access in NOT_FOR_ALL:
            codes.add("FORBIDDEN")
        if self.step_up:
            codes.add("STEP_UP_REQUIRED")
        return codes


OPERATIONS = [Operation(path, method, item) for path, item in DOCUMENT["paths"].items() for method in ("get", "post", "put", "delete") if method in item]
REFUSED = resolve({"$ref": "#/components/responses/Refused"})
validators = {}


def faults_of_value(value, schema, name):
    """What is wrong with a value; name tells schemas apart, so that each is made ready once."""
    if name not in validators:
        validators[name] = jsonschema.Draft202012Validator({"$schema": "https://json-schema.org/draft/2020-12/schema", "allOf": [schema],
                                                            "components": DOCUMENT["components"]})
    return [f"{'.'.join(map(str, fault.absolute_path))}: {fault.message}"[:400] for fault in best(validators[name].iter_errors(value))]


def thinned(value):
    """Of a long list's elements that are alike in names and types the first ones alone: a page of 1,000 takes half a second."""
    if isinstance(value, dict):
        return {name: thinned(inner) for name, inner in value.items()}
    if not isinstance(value, list) or len(value) <= ALIKE:
        return value
    seen, kept = collections.Counter(), []
    for element in value:
        form = tuple((name, type(inner)) for name, inner in element.items()) if isinstance(element, dict) else type(element)
        seen[form] += 1
        if seen[form] <= ALIKE:
            kept.append(element)
    return kept


def best(errors):
    for error in errors:
        yield from error.context or [error]


def operations_at(path):
    """Those of the path; a fixed segment goes before one in braces, as in the route table."""
    found = [operation for operation in OPERATIONS if operation.form.fullmatch(path)]
    fixed = [operation for operation in found if operation.path == path]
    return fixed or found


def judge(method, target, status, headers, text):
    """All in which an answer departs from the document; an empty list when it keeps to it."""
    path = urllib.parse.unquote(target.partition("?")[0], errors="replace")
    found = {operation.method.upper(): operation for operation in operations_at(path)}
    if "GET" in found:
        found["HEAD"] = found["GET"]
    if method == "OPTIONS" and found and status == 204:
        return [] if headers["Allow"] and not text else ["OPTIONS without Allow, or with a body"]
    if method in found:
        faults = judge_answer(found[method], method, status, headers, text)
    elif path.startswith("/api"):
        codes = {"METHOD_NOT_ALLOWED"} if found else {"NOT_FOUND"}
        faults = judge_error(status, headers, text, codes | {"MISDIRECTED_REQUEST", "INVALID_REQUEST"}, REFUSED, str(status), method)
    else:
        return []
    return [f"{method} {target[:200]}: {status}: {fault}" for fault in faults]


def judge_answer(operation, method, status, headers, text):
    response = operation.responses.get(str(status))
    name = f"{operation} {status}"
    is_error = status >= 400 and (response is None or "X-Error-Code" in response["headers"])
    if is_error:
        general = operation.responses["default"]
        codes = operation.codes if response else set()
        return judge_error(status, headers, text, codes | set(general["x-codes"]), response or general, name, method)
    if response is None:
        return [f"the status is not in the document: {text[:200]}"]
    return judge_headers(headers, response, name) + judge_body(headers, text, response, name, method)


def judge_error(status, headers, text, codes, response, name, method="GET"):
    code = headers["X-Error-Code"]
    if code not in codes:
        return [f"the code {code} is not in the document: {text[:200]}"]
    if status not in statuses_of(code):
        return [f"the code {code} has another status in the document"]
    faults = judge_headers(headers, response, name) + judge_body(headers, text, response, name, method)
    if not faults and method != "HEAD" and headers.get_content_type() == "application/json" and json.loads(text)["code"] != code:
        faults.append(f"X-Error-Code is {code}, the body says otherwise")
    return faults


def judge_headers(headers, response, name):
    faults = []
    for header, spec in response["headers"].items():
        spec = resolve(spec)
        if header not in headers:
            faults += [f"{header} is missing"] if spec.get("required") else []
            continue
        kind = resolve(spec["schema"]).get("type")
        value = int(headers[header]) if kind == "integer" else headers[header]
        faults += [f"{header}: {fault}" for fault in faults_of_value(value, spec["schema"], f"{name} {header}")]
    return faults


def judge_body(headers, text, response, name, method):
    kind = headers.get_content_type()
    if kind not in response["content"]:
        return [f"the type {kind} is not in the document"]
    if method == "HEAD":
        return ["a body after HEAD"] if text else []
    if kind == "text/event-stream":
        return []
    if kind == "application/x-ndjson":
        return judge_lines(text, response["content"][kind]["schema"], f"{name} {kind}")
    try:
        value = thinned(json.loads(text)) if kind == "application/json" else text
    except ValueError as fault:
        return [f"no JSON: {fault}"]
    return faults_of_value(value, response["content"][kind]["schema"], f"{name} {kind}")


def judge_lines(text, schema, name):
    """JSON lines: each is a value of its own, and the last one has its end too."""
    try:
        lines = [json.loads(line) for line in text.split("\n")[:-1]]
    except ValueError as fault:
        return [f"a line that is no JSON: {fault}"]
    faults = [fault for line in thinned(lines) for fault in faults_of_value(line, schema, name)]
    return faults if text.endswith("\n") or not text else [*faults, "the last line has no end"]


def judge_stray(status, headers, text):
    """As judge, for an answer to bytes that may be no request: an error of the API, whichever it is."""
    return judge_error(status, headers, text, set(CODES), REFUSED, str(status)) if status >= 400 and headers.get_content_type() == "application/json" else []


def judge_event(data):
    """In what the data of a server-sent event departs from the document."""
    return faults_of_value(data, {"$ref": "#/components/schemas/Event"}, "event")
