import fcntl

from pipeline.runs.whole_file import remove_partial, write_whole


def test_what_a_killed_process_left_goes_and_what_somebody_writes_stays(tmp_path):
    left, written = tmp_path / "a.html.00000000.partial", tmp_path / "b.html.11111111.partial"
    left.touch()
    with written.open("x") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert remove_partial(tmp_path) == [left]
        assert written.exists()
    assert remove_partial(tmp_path) == [written]
    write_whole(tmp_path / "c.html", "all of it")
    assert [path.name for path in tmp_path.iterdir()] == ["c.html"]
