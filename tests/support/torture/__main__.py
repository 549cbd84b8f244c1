"""Breaks the project on purpose: `python -m torture [PART ...]`; `--help` lists the options."""

import argparse
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from torture.frame import run_part
from torture.part import BROKEN, part_names, part_of


def main(arguments: list[str] | None = None) -> int:
    """Runs the parts, writes the counts of each, and says them.

    Returns:
        1 if a promise was broken.
    """
    parser = argparse.ArgumentParser(prog="make torture", description="Break the project on purpose.")
    of_parts = "one of: " + ", ".join(part_names()) + "; all without one"
    parser.add_argument("parts", nargs="*", metavar="PART", help=of_parts)
    parser.add_argument("--seed", type=int, default=0, help="what the cases are made from (default: 0)")
    parser.add_argument("--cases", type=int, help="cases of each part (default: the part's own number)")
    parser.add_argument("--folder", type=Path, default=Path("build/torture"), help="of results and counts")
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="FILE",
        help="write the counts of all parts and seeds in the folder; of others the file keeps what it has",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="parts side by side (default: the cores)")
    asked = parser.parse_args(arguments)
    if unknown := sorted(set(asked.parts) - set(part_names())):
        parser.error(f"there is no part {', '.join(unknown)}")
    names = asked.parts or part_names()
    with ThreadPoolExecutor(asked.jobs) as parts:
        broken = sum(parts.map(lambda name: _run(name, asked.seed, asked.cases, asked.folder), names))
    if asked.keep:
        _keep(asked.folder, asked.keep)
    return 1 if broken else 0


def _keep(folder: Path, file: Path) -> None:
    """Puts the counts of all parts and seeds in the folder into the file, in the place of those of the same ones."""
    before = json.loads(file.read_text("utf-8")) if file.exists() else []
    counted = [json.loads(each.read_text("utf-8")) for each in folder.glob("*.json")]
    kept = {(counts["part"], counts["seed"]): counts for counts in before + counted}
    text = json.dumps([kept[key] for key in sorted(kept)], indent=1, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")


def _run(name: str, seed: int, cases: int | None, folder: Path) -> int:
    """Runs one part and says its counts; returns how many promises were broken."""
    part, begin = part_of(name), time.monotonic()
    counts = run_part(part, seed, part.cases if cases is None else cases, folder)
    # A file for each part and seed, so that parts can be run one by one.
    text = json.dumps(counts.model_dump(), indent=2, ensure_ascii=False)
    (folder / f"{name}-{seed}.json").write_text(text + "\n", encoding="utf-8")
    broken = sum(number for verdict, number in counts.verdicts.items() if verdict.startswith(BROKEN))
    verdicts = ", ".join(f"{number:,} {verdict}" for verdict, number in counts.verdicts.items())
    sys.stdout.write(
        f"{name}, seed {seed}: {counts.cases:,} cases in {time.monotonic() - begin:,.0f} s "
        f"(longest {counts.longest_seconds:.1f} s, at most {counts.most_mebibytes} MiB more): {verdicts}\n"
    )
    sys.stdout.flush()
    return broken


if __name__ == "__main__":
    sys.exit(main())
