# docs/openapi.yaml against the sources: the route table both ways, the error table both ways, and the document against itself.
import pathlib, re, sys

import jsonschema, pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/lib"))
import contract

ROW = re.compile(r'\{Method::(\w+),\s+"([^"]+)",\s+Access::(\w+),\s+StepUp::(\w+),\s+Body::(\w+),')
METHODS = {"del": "DELETE"}
OPEN_OBJECTS = {"#/components/schemas/RegisterRequest/properties/metadata", "#/components/schemas/SpokeWithMetadata/properties/metadata"}


def routes():
    """(method, path) -> (access, whether it needs a step-up, whether it has a body), as routes.cpp says; what only root may use is no part of the API."""
    source = (ROOT / "apid/endpoint/routes.cpp").read_text()
    rows = ROW.findall(source)
    assert len(rows) == len(re.findall(r"\{Method::", source)), "a row of routes.cpp has another form than this test reads"
    return {(METHODS.get(method, method.upper()), path): (access.rstrip("_"), step_up == "needed", body == "json") for method, path, access, step_up, body in rows if access != "root"}


def parts(part, place="#"):
    """Every object of the document with the place where it stands."""
    if isinstance(part, dict):
        yield place, part
        for name, inner in part.items():
            yield from parts(inner, f"{place}/{str(name).replace('/', '~1')}")
    elif isinstance(part, list):
        for index, inner in enumerate(part):
            yield from parts(inner, f"{place}/{index}")


def test_the_route_table_and_the_document_have_the_same_operations():
    told = {(operation.method.upper(), operation.path): (operation.access, operation.step_up, operation.body is not None) for operation in contract.OPERATIONS}
    assert told == routes()


def test_the_error_table_and_the_document_have_the_same_codes():
    source = (ROOT / "apid/http/error_table.cpp").read_text()
    table = {}
    for status, code in re.findall(r'case ErrorCode::\w+: return \{(\d+), "([A-Z_]+)"', source):
        table.setdefault(code, set()).add(int(status))
    assert source.count("case ErrorCode::") == len(re.findall(r'case ErrorCode::\w+: return \{\d+, "[A-Z_]+"', source))
    assert {code: set(contract.statuses_of(code)) for code in contract.CODES} == table
    assert contract.DOCUMENT["components"]["schemas"]["ErrorCode"]["enum"] == list(contract.CODES)


@pytest.mark.parametrize("operation", contract.OPERATIONS, ids=str)
def test_an_operation_has_an_answer_for_each_of_its_codes_and_no_other(operation):
    general = set(operation.responses["default"]["x-codes"])
    unknown = (operation.codes | general) - set(contract.CODES)
    assert not unknown
    wanted = {str(status) for code in operation.codes - general for status in contract.statuses_of(code)}
    if "TOKEN_ALREADY_USED" in operation.codes:  # 400 where it is revoked, 410 where it is used
        wanted -= {"410"} if operation.method == "delete" else set()
    refusals = {status for status, answer in operation.responses.items() if status[0] in "45" and "X-Error-Code" in answer["headers"]}
    assert refusals == wanted
    assert any(status.startswith("2") for status in operation.responses)


@pytest.mark.parametrize("operation", contract.OPERATIONS, ids=str)
def test_security_is_what_the_access_says(operation):
    security = operation.spec.get("security", contract.DOCUMENT["security"])
    if operation.access == "open":
        assert security == []
    elif operation.access == "session":
        assert security == [{"session": [], "csrf": []}]
    elif operation.method in contract.WRITES:
        assert security == [{"bearer": []}, {"session": [], "csrf": []}]
    else:
        assert security == [{"bearer": []}, {"session": []}]


def test_every_code_is_somebodys():
    used = set().union(*(operation.codes | set(operation.responses["default"]["x-codes"]) for operation in contract.OPERATIONS))
    assert set(contract.CODES) == used


def test_objects_have_no_unknown_members():
    loose = [place for place, part in parts(contract.DOCUMENT) if part.get("type") in ("object", ["object", "null"]) and "properties" in part
             and part.get("additionalProperties") is not False]
    assert loose == ["#/paths/~1api~1openapi.json/get/responses/200/content/application~1json/schema"]
    opened = {place for place, part in parts(contract.DOCUMENT) if part.get("additionalProperties") is True}
    assert opened == OPEN_OBJECTS


def test_every_member_that_is_no_input_is_required():
    """An answer says null, it leaves nothing out; of the few that it may, each is named here."""
    optional = {name: sorted(set(schema["properties"]) - set(schema.get("required", [])))
                for name, schema in contract.DOCUMENT["components"]["schemas"].items() if "properties" in schema and not name.endswith("Request")}
    assert {name: names for name, names in optional.items() if names} == {
        "Error": ["errors", "expiresAt", "field", "policy", "usedAt"], "WgetCommands": ["linux", "proxmox"]}


def test_schemas_are_valid_and_so_is_every_example():
    count = 0
    for name, schema in contract.DOCUMENT["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema({**schema})
        for example in schema.get("examples", []):
            assert not contract.faults_of_value(example, schema, f"schema {name}")
    for place, part in parts(contract.DOCUMENT):
        if "example" in part and "schema" in part:
            count += 1
            assert not contract.faults_of_value(part["example"], part["schema"], place), place
    assert count > 50


def test_every_answer_and_body_has_an_example():
    for place, part in parts(contract.DOCUMENT):
        if place.endswith("/content/application~1json") and "openapi.json" not in place:
            assert "example" in part, place


def test_addresses_in_examples_are_reserved_for_documents():
    """RFC 5737 and RFC 3849, and the hub's own private network."""
    text = (ROOT / "docs/openapi.yaml").read_text()
    addresses = re.findall(r"(?<![\d.v/])\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\d.])", text)
    assert addresses and all(address.startswith(("192.0.2.", "198.51.100.", "203.0.113.", "10.0.1.")) for address in addresses)
    assert all(address.startswith("2001:db8:") for address in re.findall(r"\b[0-9a-f]{4}:[0-9a-f:]+::?[0-9a-f]*", text) if "-" not in address)
