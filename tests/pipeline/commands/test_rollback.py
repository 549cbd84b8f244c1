def test_the_command_says_what_the_next_run_does(transferline):
    for version in ("1", "2"):
        folder = transferline.home("digits") / "pushed" / version
        folder.mkdir(parents=True)
        (folder / "saved_model.pb").write_text("model")
    shown = transferline("rollback", "digits", "1")
    assert "version 1 is pushed again, in place of 2" in shown
    assert "The next `transferline run digits` pushes its own model again" in shown
    done = transferline.json("rollback", "digits", "2")
    assert (done["to_version"], done["from_version"] > 2) == (2, True)
