import old_home


def test_the_command_says_what_the_next_run_does(transferline):
    for version in ("1", "2"):
        folder = transferline.home("digits") / "pushed" / version
        folder.mkdir(parents=True)
        (folder / "saved_model.pb").write_text("model")
    shown = transferline("rollback", "digits", "1")
    assert "version 1 is pushed again, in place of 2" in shown
    assert "The model of version 2 isn't pushed again by a run, unless with --push-again" in shown
    done = transferline.json("rollback", "digits", "2")
    assert (done["to_version"], done["from_version"] > 2) == (2, True)


def test_lineage_and_runs_tell_what_is_served_after_it_and_why(transferline, tmp_path):
    old_home.unpack(tmp_path / "out", tmp_path / "cache")
    first, second = old_home.PUSHED
    pushed_as = transferline.json("rollback", old_home.NAME, first)["pushed_as"]
    made_by = {first: old_home.RUNS[1], second: old_home.RUNS[2]}

    copy, model, *rest = transferline.json("lineage", old_home.NAME)
    assert (copy["name"], model["name"]) == ("rollback: pushed_model", "Pusher: pushed_model")
    assert copy["uri"].endswith(f"/pushed/{pushed_as}")
    assert copy["details"] == f"copy of version {first}, in place of version {second}"
    assert (model["uri"].rpartition("/")[2], model["run_id"]) == (first, made_by[first])
    assert "CsvExampleGen: examples" in {origin["name"] for origin in rest}
    for named in (pushed_as, transferline.home(old_home.NAME) / "pushed" / str(pushed_as)):
        assert transferline.json("lineage", old_home.NAME, named) == [copy, model, *rest]
    assert transferline.json("lineage", old_home.NAME, second)[0]["run_id"] == made_by[second]

    marks = {run["run_id"]: run["mark"] for run in transferline.json("runs", old_home.NAME)}
    assert marks == {made_by[first]: "served", made_by[second]: "rolled back", old_home.RUNS[0]: ""}
    shown = " ".join(transferline("runs", old_home.NAME).split())
    why = f"Version {pushed_as}, a copy of version {first} of run {made_by[first]}, is served: on "
    assert why in shown
    assert f"somebody went back to it from version {second}." in shown
    assert why in (transferline.home(old_home.NAME) / "reports" / "index.html").read_text()
    assert ", by a rollback" in (tmp_path / "out" / "index.html").read_text()


def test_before_it_what_was_pushed_last_is_served(transferline, tmp_path):
    old_home.unpack(tmp_path / "out", tmp_path / "cache")
    served = f"Version {old_home.PUSHED[1]}, of run {old_home.RUNS[2]}, is served: it was pushed last."
    assert served in transferline("runs", old_home.NAME)
    assert transferline.json("lineage", old_home.NAME)[0]["run_id"] == old_home.RUNS[2]
