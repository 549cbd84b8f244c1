def test_two_runs_side_by_side(transferline):
    transferline.save("digits", "20260101T000000-1", metrics={"accuracy": 0.9}, config={"trainer": {"seed": 0}})
    transferline.save("digits", "20260102T000000-1", metrics={"accuracy": 0.95}, config={"trainer": {"seed": 1}})
    shown = transferline("compare", "digits", "previous", "latest")
    lines = [line.split() for line in shown.splitlines()]
    assert ["accuracy", "0.9000", "0.9500", "+0.0500"] in lines
    assert ["trainer.seed", "0", "1"] in lines
    assert "\x1b" not in shown
    compared = transferline.json("compare", "digits", "20260101", "20260102")
    assert compared["settings"] == [{"key": "trainer.seed", "a": 0, "b": 1}]
