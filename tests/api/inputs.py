# Requests made of docs/openapi.yaml, as strategies of hypothesis: such as it allows, and such with one fault. Leaves to
# test_contract_fuzz.py to send them, and to say what must come back.
import string, urllib.parse
from dataclasses import dataclass, field

from hypothesis import strategies as st

import contract

# Marks: what only who asks knows at that moment is put in their place.
CODE, OTHER_SESSION = "123 456", "00000000-0000-4000-8000-000000000000"
ACCEPTS = ("application/json", "text/plain", "text/html", "*/*", "application/json;q=0", "text/plain, */*;q=0.1")
TEXT = st.text(alphabet=string.ascii_letters + string.digits + " .:-_/äß漢'\"\\<&", max_size=80)
# Not what a field takes, whichever it is; most are wrong for any field.
STRANGE = st.one_of(st.none(), st.booleans(), st.integers(-2**63, 2**64), st.floats(allow_nan=False, allow_infinity=False), st.just([]), st.just({}), st.just(""),
                    st.lists(TEXT, max_size=3), st.text(max_size=30), st.just("x" * 5000), st.just("\x00"), st.just("a\nb"), st.just("\u202e"), st.just([[[[[]]]]]))
RAW = st.one_of(st.binary(max_size=60), st.sampled_from([b"", b"{", b"[]", b"null", b"7", b'"x"', b'{"a":1,"a":2}', b"[" * 17 + b"]" * 17, b'{"a":\xff}',
                                                          b"\xef\xbb\xbf{}", b'{"spokeName":"\\ud800"}', b'{"a":1e999}', b"{}" + b" " * 70000]))


@dataclass
class Asked:
    """One request. breaks: whether it is known to break the document, so that it must be refused."""
    method: str
    target: str
    body: object = None
    raw: bytes = None
    headers: dict = field(default_factory=dict)
    breaks: bool = False

    def put_code(self, code):
        """The right second factor where one is due."""
        if isinstance(self.body, dict) and self.body.get("totp") == CODE:
            self.body = {**self.body, "totp": code}


def of_string(schema):
    if "pattern" in schema:
        found = st.from_regex(schema["pattern"].rstrip("$") + r"\Z" if schema["pattern"].endswith("$") else schema["pattern"])
        return found.filter(lambda text: schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", 10**6))
    most = min(schema.get("maxLength", 80), 80)
    return st.text(alphabet=string.ascii_letters + string.digits + " .:-_", min_size=schema.get("minLength", 0), max_size=most)


@st.composite
def often(draw, first, other):
    """The first two times of three: what goes deep needs several such choices at once. One_of would count the other's branches."""
    return draw(first if draw(st.sampled_from([True, True, False])) else other)


def of_schema(schema, hints, name=""):
    """Values that the schema allows; hints has some that go deeper for a field of that name."""
    schema = {**contract.resolve(schema), **{key: value for key, value in schema.items() if key != "$ref"}}
    made = allowed(schema, hints)
    return often(st.sampled_from(hints[name]), made) if hints.get(name) else made


def allowed(schema, hints):
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return st.one_of(*(of_kind(kind, schema, hints) for kind in kinds))


def of_kind(kind, schema, hints):
    if kind == "string":
        return of_string(schema)
    if kind == "integer":
        return st.integers(schema.get("minimum", -2**31), schema.get("maximum", 2**31))
    if kind == "array":  # short ones: what many elements do is test_limits.py's
        return st.lists(of_schema(schema["items"], hints), min_size=schema.get("minItems", 0), max_size=min(schema.get("maxItems", 3), 3))
    if kind == "object" and schema.get("additionalProperties") is True:
        return st.dictionaries(st.sampled_from(["kernelVersion", "clusterNodes", "pveMembers", "x"]), st.one_of(TEXT, st.integers(0, 9), st.just({"nodelist": {}})), max_size=3)
    if kind == "object":
        required = schema.get("required", [])
        values = {name: of_schema(inner, hints, name) for name, inner in schema["properties"].items()}
        made = st.fixed_dictionaries({name: values[name] for name in required}, optional={name: value for name, value in values.items() if name not in required})
        return made.filter(lambda value: len(value) >= schema.get("minProperties", 0))
    return {"boolean": st.booleans(), "null": st.none()}[kind]


@st.composite
def spoiled(draw, good):
    """A body with one thing changed: a field gone, a field too many, or a strange value somewhere."""
    body = draw(good)
    change = draw(st.sampled_from(["gone", "more", "strange", "strange"]))
    names = sorted(body)
    if change == "more" or not names:
        body[draw(st.sampled_from(["role_", "isAdmin", "id", "__proto__", "", "ä", "a\nb"]))] = draw(STRANGE)
    elif change == "gone":
        del body[draw(st.sampled_from(names))]
    else:
        body[draw(st.sampled_from(names))] = draw(STRANGE)
    return body


@st.composite
def paths(draw, operation, hints):
    path = operation.path
    for parameter in operation.parameters:
        if parameter["in"] == "path":
            text = draw(often(st.sampled_from(hints[f"path {operation.path}"]), st.one_of(st.uuids().map(str), of_schema(parameter["schema"], {}), st.text(min_size=1, max_size=20))))
            path = path.replace("{" + parameter["name"] + "}", urllib.parse.quote(text, safe=""))
    return path


@st.composite
def queries(draw, operation):
    """Pairs for the query, and whether one breaks the document."""
    pairs, breaks = [], False
    for parameter in operation.parameters:
        if parameter["in"] != "query" or not (parameter.get("required") or draw(st.booleans())):
            continue
        wrong = draw(st.integers(0, 5)) == 0
        schema = parameter["schema"]
        value = draw(STRANGE.filter(lambda text: isinstance(text, str)) if wrong else of_schema(schema, {}))
        typed = int(value) if contract.resolve(schema).get("type") == "integer" and str(value).isdecimal() and str(value).isascii() else value
        breaks = breaks or bool(contract.faults_of_value(typed, schema, f"{operation} {parameter['name']}"))
        pairs.append((parameter["name"], str(value)))
    if draw(st.integers(0, 9)) == 0:
        pairs.append(draw(st.sampled_from([("colour", "red"), ("", ""), ("limit[]", "1"), ("\x00", "1"), *pairs])))
        breaks = True
    return pairs, breaks


@st.composite
def requests(draw, operation, hints):
    path = draw(paths(operation, hints))
    pairs, breaks = draw(queries(operation))
    asked = Asked(operation.method.upper(), path + ("?" + urllib.parse.urlencode(pairs) if pairs else ""), breaks=breaks)
    asked.headers["Accept"] = draw(st.sampled_from(ACCEPTS))
    if operation.path == "/api/events" and not breaks:
        asked.method = "HEAD"  # the answer to a GET never ends
    if operation.body is None:
        return asked
    good = of_schema(operation.body, hints)
    kind = draw(st.sampled_from(["good", "good", "good", "spoiled", "spoiled", "raw", "type"]))
    if kind == "raw":
        asked.raw = draw(RAW)
    else:
        asked.body = draw(spoiled(good) if kind == "spoiled" else good)
        asked.breaks = breaks or bool(contract.faults_of_value(asked.body, operation.body, f"{operation} body"))
    if kind == "type":
        asked.headers["Content-Type"] = draw(st.sampled_from(["text/plain", "application/jsonx", "multipart/form-data; boundary=x", "application/json; charset=utf-8", ""]))
    return asked
