# Puts the rows of native.py and kernel.py together: results.json, the table, the verdict.   report.py FOLDER
import json, os, platform, sqlite3, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rows import scale_table, table


def conditions():
    with open("/etc/os-release") as file:
        release = next(line.split('"')[1] for line in file if line.startswith("PRETTY_NAME"))
    with open("/proc/cpuinfo") as file:
        model = next((line.split(": ")[1].strip() for line in file if line.startswith("model name")), "unknown")
    return {"processors": os.cpu_count(), "model": model, "kernel": platform.release(), "system": release, "sqlite": sqlite3.sqlite_version,
            "load before the end": round(os.getloadavg()[2], 2)}


def main(folder):
    native, kernel = f"{folder}/native.json", f"{folder}/kernel.log"
    results = {"conditions": conditions(), "rows": [], "scale": []}
    if os.path.exists(native):
        with open(native) as file:
            results |= json.load(file)
    if os.path.exists(kernel):
        with open(kernel) as file:
            results["rows"] += [json.loads(line[4:]) for line in file if line.startswith("row ")]
    with open(f"{folder}/results.json", "w") as file:
        json.dump(results, file, indent=1)
    if len(results["scale"]) > 1:
        print(scale_table(results["scale"]) + "\n")
    print(table(results["rows"]))
    broken = [row["row"] for row in results["rows"] if row["broken"]]
    met = sum(row["met"] for row in results["rows"])
    print(f"{met} of {len(results['rows'])} goals met" + (f"; beyond the margin: {', '.join(broken)}" if broken else ""))
    return 1 if broken or not results["rows"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
