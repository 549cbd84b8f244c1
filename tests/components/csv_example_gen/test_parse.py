"""Rows and cells in all the forms that CSV has."""


def test_without_a_header(take, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("1.000000000000000000e+00,0.5,2\n0.000000000000000000e+00,1.5,3\n" * 50)
    stored, found, faults = take(path, columns=("target", "a", "b"), label="target", classes=("0", "1"))
    assert (found, faults) == (100, [])
    assert {(row["label"], row["a"], row["b"]) for row in stored} == {(b"1", 0.5, 2), (b"0", 1.5, 3)}


def test_bom_windows_line_ends_quoted_and_padded_numbers_and_no_last_line_end(take, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(b'\xef\xbb\xbf"x",y,label\r\n"0.5",+1,"0"\r\n 1.5 ,"2 ",1\r\n2.5,.3e1,0')
    stored, found, faults = take(path)
    assert (found, faults) == (3, [])
    assert sorted((row["x"], row["y"], row["label"]) for row in stored) == [
        (0.5, 1, b"0"),
        (1.5, 2, b"1"),
        (2.5, 3, b"0"),
    ]


def test_a_missing_value_is_a_feature_that_the_example_lacks(take, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("x,city,label\n1.5,,0\n,Rome,1\n")
    stored, _, faults = take(path)
    assert faults == []
    assert sorted(stored, key=len) == [{"x": 1.5, "label": b"0"}, {"city": b"Rome", "label": b"1"}]


def test_what_the_user_calls_missing(take, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("x,label\n" + "NA,0\n?,0\n1.5,1\n2.5,1\n" * 10)
    stored, found, faults = take(path, missing=("", "NA"))
    assert (found, len(faults)) == (40, 10)
    assert {(fault.place, fault.reason) for fault in faults[:1]} == {("rows.csv, line 3", "x: '?' is no number")}
    assert sorted({row.get("x", -1.0) for row in stored}) == [-1.0, 1.5, 2.5]


def test_line_breaks_in_cells(take, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text('text,x,label\n"one\ntwo",0.5,0\n"said ""so"", yes",1.5,1\nplain,oops,0\n"a\n\nb",2.5,1\n')
    stored, found, faults = take(path, newlines_in_values=True)
    assert (found, [fault.place for fault in faults]) == (4, ["rows.csv, line 5"])
    assert {row["text"] for row in stored} == {b"one\ntwo", b'said "so", yes', b"a\n\nb"}


def test_inches_are_no_open_quote(take, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text('text,x,label\n5" pipe,0.5,0\nplain,1.5,1\n7" pipe,2.5,0\n')
    stored, found, faults = take(path)
    assert (found, faults) == (3, [])
    assert {row["text"] for row in stored} == {b'5" pipe', b"plain", b'7" pipe'}
