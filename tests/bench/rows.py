# The rows of the benchmark: a goal, a figure, its floor measured in the same run, their ratio; the table and the verdict.
# Leaves measuring to native.py (on this machine) and kernel.py (in the virtual machine).
import json, statistics

MARGIN = 3  # what a noisy machine may cost before a row counts as broken


class Rows:
    def __init__(self):
        self.rows = []

    def add(self, name, goal, figure, floor, unit, least=None, most=None, judged=True, **details):
        """One of least and most is the ratio of figure to floor that the goal asks for. judged: whether missing it far fails the run."""
        ratio = figure / floor
        row = {"row": name, "goal": goal, "figure": round(figure, 4), "floor": round(floor, 4), "unit": unit, "ratio": round(ratio, 3),
               "met": ratio >= least if least is not None else ratio <= most,
               "broken": judged and (ratio < least / MARGIN if least is not None else ratio > most * MARGIN), "details": details}
        self.rows.append(row)
        print("row " + json.dumps(row), flush=True)

    def add_rounds(self, name, goal, pairs, unit, least=None, most=None, judged=True, **details):
        """pairs: (figure, floor) of rounds that followed each other; the round with the median ratio counts."""
        pairs = sorted(pairs, key=lambda pair: pair[0] / pair[1])
        figure, floor = pairs[len(pairs) // 2]
        rounds = [[round(value, 4) for value in pair] for pair in pairs]
        self.add(name, goal, figure, floor, unit, least, most, judged, rounds=rounds, **details)


def median(values):
    return statistics.median(values)


def short(value):
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def columns(lines):
    """Lines of texts as a table; the second line becomes the rule below the head."""
    widths = [max(len(text) for text in column) for column in zip(*lines)]
    lines = [lines[0], ["-" * width for width in widths], *lines[1:]]
    return "\n".join("| " + " | ".join(text.ljust(width) for text, width in zip(line, widths)) + " |" for line in lines)


def table(rows):
    lines = [["row", "goal", "figure", "floor", "unit", "ratio", "met"]]
    for row in rows:
        met = "yes" if row["met"] else "NO, beyond the margin too" if row["broken"] else "no"
        lines.append([row["row"], row["goal"], short(row["figure"]), short(row["floor"]), row["unit"], f"{row['ratio']:.2f}", met])
    return columns(lines)


def scale_table(scale):
    return columns([[name, *(short(entry[name]) for entry in scale)] for name in scale[0] if all(name in entry for entry in scale)])
