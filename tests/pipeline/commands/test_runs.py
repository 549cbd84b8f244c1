def test_no_run_is_said_in_words(transferline):
    assert transferline("runs", "digits") == (
        f"digits hasn't run yet in {transferline.home('digits')}. Start it with: transferline run digits\n"
    )
    assert transferline.json("runs", "digits") == []


def test_runs_are_listed_the_newest_first(transferline):
    transferline.save("digits", "20260101T000000-1", metrics={"accuracy": 0.9}, model_uri="/m/1")
    transferline.save("digits", "20260102T000000-1", status="not_blessed")
    _, newer, older = transferline("runs", "digits").splitlines()
    assert newer.split()[:3] == ["20260102T000000-1", "not", "blessed"]
    assert (older.split()[0], older.split()[-2:]) == ("20260101T000000-1", ["0.9000", "/m/1"])
