from components.image_example_gen.duplicates import MAX_PLACES, conflicts_among, differing_copies, partition_of
from components.ingest import results
from components.ingest.report import Duplicate
from components.ingest.results import worst_first


def alike(*photos, sha256="a" * 64):
    return [(sha256, photo) for photo in photos]


def test_copies_that_agree_are_no_matter():
    assert not list(differing_copies(alike(("train", "cat", "a.jpg"))))
    assert not list(differing_copies(alike(("train", "cat", "a.jpg"), ("train", "cat", "b.jpg"))))


def test_other_bytes_are_no_copies():
    photos = alike(("train", "cat", "a.jpg")) + alike(("test", "dog", "b.jpg"), sha256="a" * 63 + "b")
    assert not list(differing_copies(photos))
    assert len({partition_of(sha256) for sha256, _ in photos}) == 1


def test_copies_that_differ_in_split_or_label():
    (group,) = differing_copies(alike(("train", "cat", "b.jpg"), ("test", "dog", "a.jpg")))
    assert group == Duplicate(
        places=("test/dog: a.jpg", "train/cat: b.jpg"), splits=("test", "train"), labels=("cat", "dog")
    )


def test_copies_that_differ_in_label_are_counted_as_conflicts():
    photos = alike(("train", "cat", "a.jpg"), ("train", "cat", "b.jpg"), ("train", "dog", "c.jpg"))
    photos += alike(("train", "cat", "d.jpg"), ("test", "cat", "e.jpg"), sha256="b" * 64)
    found = conflicts_among(photos)
    assert (found.groups, found.records, found.outvoted) == (1, 3, 1)
    assert [group.labels for group in found.first] == [("cat", "dog")]
    assert conflicts_among(photos[3:]).groups == 0


def test_a_large_group_names_a_few_but_every_split_and_label():
    copies = [("train", "cat", f"{index:03d}.jpg") for index in range(500)]
    (group,) = differing_copies(alike(*copies, ("test", "dog", "last.jpg")))
    assert len(group.places) == MAX_PLACES + 1
    assert group.places[0] == "test/dog: last.jpg"


def test_leaks_into_test_come_first_and_the_number_is_bounded(monkeypatch):
    def group(splits, labels=("cat",)):
        return Duplicate(places=("a", "b"), splits=splits, labels=labels)

    leak, other, labels = group(("test", "train")), group(("eval", "train")), group(("train",), ("cat", "dog"))
    assert worst_first([labels, other, leak]) == (leak, other, labels)
    monkeypatch.setattr(results, "MAX_GROUPS", 2)
    assert worst_first([labels, other, leak]) == (leak, other)
