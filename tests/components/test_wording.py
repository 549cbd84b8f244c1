from components.wording import listed, natural_key


def test_numbers_in_names_count_as_numbers():
    names = ["c10", "b", "c2", "c2, line 10", "c2, line 9", "10", "9"]
    assert sorted(names, key=natural_key) == ["9", "10", "b", "c2", "c2, line 9", "c2, line 10", "c10"]


def test_of_many_names_the_first_are_listed():
    assert listed("abc") == "a, b, c"
    assert listed({"a": 1, "b\n": 2, "c": 3, "d": 4}, at_most=2) == r"a, b\n and 2 more"
    assert listed(map(str, range(3000))) == "0, 1, 2, 3, 4, 5, 6, 7 and 2,992 more"
    assert listed(["a.jpg: cut, or so", "b.jpg"], between="; ") == "a.jpg: cut, or so; b.jpg"
