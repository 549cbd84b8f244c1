from components.image_example_gen.duplicates import (
    MAX_PLACES,
    Copy,
    conflicts_of,
    copies_in_different_splits,
    partition_of,
    under_several_labels,
)
from components.ingest import results
from components.ingest.report import Duplicate
from components.ingest.results import worst_first


def alike(*photos, sha256="a" * 64):
    return [(sha256, Copy(*photo)) for photo in photos]


def test_copies_that_agree_are_no_matter():
    for photos in (
        alike(("train", "cat", "a.jpg")),
        alike(("train", "cat", "a.jpg"), ("train", "cat", "b.jpg")),
    ):
        assert not list(copies_in_different_splits(photos))
        assert not under_several_labels(photos)


def test_other_bytes_are_no_copies():
    photos = alike(("train", "cat", "a.jpg")) + alike(("test", "dog", "b.jpg"), sha256="a" * 63 + "b")
    assert not list(copies_in_different_splits(photos))
    assert not under_several_labels(photos)
    assert len({partition_of(sha256) for sha256, _ in photos}) == 1


def test_copies_that_differ_in_split():
    (group,) = copies_in_different_splits(alike(("train", "cat", "b.jpg"), ("test", "cat", "a.jpg")))
    assert group == Duplicate(places=("test/cat: a.jpg", "train/cat: b.jpg"), splits=("test", "train"), labels=("cat",))


def test_copies_that_differ_in_label_are_conflicts_in_whatever_split_and_each_says_where_the_others_are():
    photos = alike(("train", "cat", "a.jpg"), ("train", "cat", "b.jpg"), ("test", "dog", "c.jpg"))
    photos += alike(("train", "cat", "d.jpg"), ("test", "cat", "e.jpg"), sha256="b" * 64)
    assert [group.places for group in copies_in_different_splits(photos)] == [("test/cat: e.jpg", "train/cat: d.jpg")]
    groups = under_several_labels(photos)
    found = conflicts_of(groups)
    assert (found.groups, found.records, found.outvoted, found.quarantined) == (1, 3, 1, True)
    assert [group.labels for group in found.first] == [("cat", "dog")]
    (group,) = groups
    assert [(item.place, item.reason) for item in group.quarantined] == [
        ("a.jpg", "labelled 'cat', and the same bytes are 'dog' ('c.jpg')"),
        ("b.jpg", "labelled 'cat', and the same bytes are 'dog' ('c.jpg')"),
        ("c.jpg", "labelled 'dog', and the same bytes are 'cat' ('a.jpg'), 'cat' ('b.jpg')"),
    ]
    assert conflicts_of(under_several_labels(photos[3:])).groups == 0


def test_a_large_group_names_a_few_but_every_split_and_label():
    copies = [("train", "cat", f"{index:03d}.jpg") for index in range(500)]
    groups = under_several_labels(alike(*copies, ("test", "dog", "last.jpg")))
    (group,) = conflicts_of(groups).first
    assert len(group.places) == MAX_PLACES + 1
    assert group.places[0] == "test/dog: last.jpg"
    *_, last = groups[0].quarantined
    assert (
        last.reason
        == "labelled 'dog', and the same bytes are 'cat' ('000.jpg'), 'cat' ('001.jpg'), 'cat' ('002.jpg') and 497 more"
    )


def test_leaks_into_test_come_first_and_the_number_is_bounded(monkeypatch):
    def group(splits, labels=("cat",)):
        return Duplicate(places=("a", "b"), splits=splits, labels=labels)

    leak, other, labels = group(("test", "train")), group(("eval", "train")), group(("train",), ("cat", "dog"))
    assert worst_first([labels, other, leak]) == (leak, other, labels)
    monkeypatch.setattr(results, "MAX_GROUPS", 2)
    assert worst_first([labels, other, leak]) == (leak, other)
