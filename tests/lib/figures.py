# The one shape in which tests tell tests/report what they prove: by the ids of threats (T) and faults (F), with figures. In a
# guest and beside it figure() prints; the API tests have one of their own that also knows the test (tests/api/proofs.py).
import re


def figure(ids, text):
    """A line for the report. ids: as "F9 T15", or nothing."""
    print(f"figure {ids} | {text}", flush=True)


def ids_in(source):
    """The threats, faults and requirements of install scripts (R) that figure() names in that text of a test."""
    named = " ".join(re.findall(r"\bfigure\(([^,]*),", source))
    return sorted(set(re.findall(r"\b[TFR]\d+\b", named)))
