from pipeline import catalog
from pipeline.checks.look import Look
from pipeline.checks.schema import check_schema, label_domain


def test_a_class_that_the_schema_does_not_know():
    (finding,) = check_schema(catalog.load("cats_vs_dogs"), Look((), frozenset({"cat", "dogs"})))
    assert finding.level == "fault"
    assert finding.text == "cats_vs_dogs.pbtxt doesn't know the class 'dogs' (did you mean 'dog'?)"


def test_a_schema_that_fits_or_that_is_inferred_has_nothing_to_say():
    assert not list(check_schema(catalog.load("cats_vs_dogs"), Look((), frozenset({"cat", "dog"}))))
    assert not list(check_schema(catalog.load("photos"), Look((), frozenset({"cat"}))))
    assert not list(check_schema(catalog.load("cats_vs_dogs"), Look(())))


def test_a_domain_may_stand_in_the_feature_itself():
    assert label_domain('feature { name: "label" string_domain { value: "a" value: "b" } }') == ("a", "b")
    assert label_domain('feature { name: "x" }') == ()
