import json
import sys
import unicodedata

from components.wording import listed, natural_key, printable, safe, safe_json


def test_numbers_in_names_count_as_numbers():
    names = ["c10", "b", "c2", "c2, line 10", "c2, line 9", "10", "9"]
    assert sorted(names, key=natural_key) == ["9", "10", "b", "c2", "c2, line 9", "c2, line 10", "c10"]


def test_of_many_names_the_first_are_listed():
    assert listed("abc") == "a, b, c"
    assert listed({"a": 1, "b\n": 2, "c": 3, "d": 4}, at_most=2) == r"a, b\n and 2 more"
    assert listed(map(str, range(3000))) == "0, 1, 2, 3, 4, 5, 6, 7 and 2,992 more"
    assert listed(["a.jpg: cut, or so", "b.jpg"], between="; ") == "a.jpg: cut, or so; b.jpg"


def test_any_text_is_printable_in_one_line_of_utf_8():
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    shown = printable(every)
    assert len(shown.encode().decode().splitlines()) == 1
    assert printable("a\nb\udcff\ud800\x1b") == r"a\nb\xff\ud800\x1b"


def test_what_a_terminal_obeys_is_escaped_and_all_else_stays():
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    shown = safe(every)
    left = {letter for letter in shown if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert left == set("\n\t\u200c\u200d")
    assert safe("\x1b[8m\x9b\u202e\udcff\r") == r"\x1b[8m\x9b\u202e\udcff\r"
    for text in ("Käse, 日本 \N{WOMAN}\u200d\N{ROCKET} \u0646\u200c\u06cc\t\n", "a\\x1b"):
        assert safe(text) == text


def test_json_says_the_same():
    said = {"\x9b31m\u202e": ["\U000e0001", "\u200d", "ä\n"]}
    text = safe_json(json.dumps(said, ensure_ascii=False))
    assert json.loads(text) == said
    assert safe(text) == text
    assert "ä" in text
