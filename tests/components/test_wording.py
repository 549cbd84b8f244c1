from components.wording import natural_key


def test_numbers_in_names_count_as_numbers():
    names = ["c10", "b", "c2", "c2, line 10", "c2, line 9", "10", "9"]
    assert sorted(names, key=natural_key) == ["9", "10", "b", "c2", "c2, line 9", "c2, line 10", "c10"]
