import json
import sys

import pytest
import torture.parts
from torture.__main__ import main
from torture.frame import run_part
from torture.part import Part, part_of, run_case

from components.errors import TransferlineError

OF_THE_TEST = """
import os, signal, time
from torture.part import Part
from components.errors import TransferlineError

def run(random, folder):
    (number,) = random.choices(range(4))
    return ("taken", "kept")[number % 2]

def breaks(random, folder):
    chance = int(random.random() * 1000) % 5
    if chance == 0:
        os.kill(os.getpid(), signal.SIGSEGV)
    if chance == 1:
        time.sleep(60)
    if chance == 2:
        raise TransferlineError("No.", cure="None.")
    if chance == 3:
        {}["key \\udc80"]
    return "taken"

PART = Part(name="{name}", cases=12, run={run}, seconds=1)
"""


@pytest.fixture
def parts(tmp_path, monkeypatch):
    """A folder for parts of a test's own, which the children find too."""
    for name, run in (("of_the_test", "run"), ("breaks", "breaks")):
        text = OF_THE_TEST.replace("{name}", name).replace("{run}", run)
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    (tmp_path / "sitecustomize.py").write_text(
        f"import torture.parts\ntorture.parts.__path__.append({str(tmp_path)!r})\n"
    )
    support = torture.parts.__path__[0].removesuffix("/torture/parts")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{support}")
    monkeypatch.setattr(torture.parts, "__path__", [*torture.parts.__path__, str(tmp_path)])
    yield
    for name in ("of_the_test", "breaks"):
        sys.modules.pop(f"torture.parts.{name}", None)


@pytest.mark.usefixtures("parts")
def test_what_breaks_is_counted_and_the_next_case_goes_on(tmp_path):
    counts = run_part(part_of("breaks"), 0, 12, tmp_path / "results")
    assert counts.cases == sum(counts.verdicts.values()) == 12
    assert set(counts.verdicts) == {
        "taken",
        "refused",
        "broken: KeyError",
        "broken: ended by SIGSEGV",
        "broken: more than 1 s",
    }
    assert any("KeyError: 'key \\udc80'" in result.told for result in counts.broken)
    assert counts.measured == 1


@pytest.mark.usefixtures("parts")
def test_it_goes_on_where_it_was_interrupted_and_repeats_a_seed(tmp_path, capfd):
    folder = tmp_path / "results"
    assert main(["of_the_test", "--cases", "5", "--folder", str(folder)]) == 0
    file = folder / "of_the_test-0.jsonl"
    before = file.read_text()
    file.write_text(before[:-9])  # as a killed process leaves it
    kept = tmp_path / "kept.json"
    others = [{"part": "of_the_test", "seed": seed, "cases": 1} for seed in (0, 1)]
    kept.write_text(json.dumps(others))
    assert main(["of_the_test", "--folder", str(folder), "--keep", str(kept)]) == 0
    verdicts = [json.loads(line)["verdict"] for line in file.read_text().splitlines()]
    assert len(verdicts) == 12
    assert set(verdicts) == {"taken", "kept"}
    assert [json.loads(line)["verdict"] for line in before.splitlines()] == verdicts[:5]
    counts = json.loads((folder / "of_the_test-0.json").read_text())
    assert counts["verdicts"] == {verdict: verdicts.count(verdict) for verdict in ("kept", "taken")}
    assert json.loads(kept.read_text()) == [counts, others[1]]
    assert "of_the_test, seed 0: 12 cases" in capfd.readouterr().out


@pytest.mark.usefixtures("parts")
def test_a_broken_promise_is_its_exit_status(tmp_path):
    assert main(["breaks", "--cases", "12", "--folder", str(tmp_path / "results")]) == 1


def test_another_seed_makes_other_cases():
    part = Part(name="any", cases=1, run=lambda random, _: str(random.random()))
    verdicts = {run_case(part, seed, case).verdict for seed in (0, 1) for case in (0, 1)}
    assert len(verdicts) == 4
    assert run_case(part, 0, 1).verdict in verdicts


def test_memory_beyond_the_bound_is_a_broken_promise():
    part = Part(name="any", cases=1, run=lambda *_: str(len(bytearray(200 * 2**20))), mebibytes=100)
    result = run_case(part, 0, 0)
    assert result.mebibytes == pytest.approx(200, abs=20)  # other memory comes and goes
    assert result.verdict == f"broken: {result.mebibytes} MiB"
    assert run_case(part, 0, 1).verdict == str(200 * 2**20)


def test_a_part_whose_cases_must_go_through_is_broken_by_a_refusal():
    def refuse(*_):
        raise TransferlineError("No.", cure="None.")

    assert run_case(Part(name="any", cases=1, run=refuse), 0, 1).verdict == "refused"
    result = run_case(Part(name="any", cases=1, run=refuse, refusals=False), 0, 1)
    assert result.verdict == "broken: TransferlineError"
    assert "No." in result.told


def test_there_is_no_such_part(capsys):
    with pytest.raises(SystemExit):
        main(["nothing"])
    assert "there is no part nothing" in capsys.readouterr().err
