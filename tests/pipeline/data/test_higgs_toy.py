import gzip

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from pipeline.data import higgs_toy
from pipeline.data.higgs import B_TAGS, FEATURES, HIGH_LEVEL, LOW_LEVEL


@pytest.fixture(scope="module")
def events():
    """float32 [4000, 29]."""
    return np.concatenate(list(higgs_toy.batches(4000)))


def test_the_same_seed_writes_the_same_file_and_a_smaller_one_is_its_beginning(tmp_path, monkeypatch):
    monkeypatch.setattr(higgs_toy, "CHUNK_ROWS", 300)
    for name, rows, seed in (("a", 700, 1), ("b", 700, 1), ("c", 350, 1), ("d", 700, 2)):
        higgs_toy.write_csv(tmp_path / name, rows, seed)
    a, b, c, d = ((tmp_path / name).read_text() for name in "abcd")
    assert a == b
    assert a.startswith(c)
    assert a != d
    assert len(a.splitlines()) == 700
    assert len(a.splitlines()[0].split(",")) == 29


def test_a_name_that_ends_in_gz_gets_the_same_rows_compressed(tmp_path, monkeypatch):
    monkeypatch.setattr(higgs_toy, "CHUNK_ROWS", 300)
    for name in ("a.csv", "a.csv.gz", "b.csv.gz"):
        higgs_toy.write_csv(tmp_path / name, 700, 1)
    assert gzip.decompress((tmp_path / "a.csv.gz").read_bytes()) == (tmp_path / "a.csv").read_bytes()
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()


def test_the_masses_are_those_of_the_stored_columns(events):
    low = events[:, 1 : 1 + len(LOW_LEVEL)]
    np.testing.assert_array_equal(higgs_toy.high_level(low), events[:, 1 + len(LOW_LEVEL) :])


def test_the_particles_have_their_masses(events):
    column = {name: events[:, 1 + FEATURES.index(name)] for name in HIGH_LEVEL}
    signal = events[:, 0] == 1
    # Peaks: the light Higgs boson in m_bb of the signal, the W in m_lv, the top quark in m_jjj of the background.
    h = column["m_bb"][signal] * higgs_toy.MASS_UNITS["m_bb"]
    top = column["m_jjj"][~signal] * higgs_toy.MASS_UNITS["m_jjj"]
    assert np.median(h) == pytest.approx(higgs_toy.H_MASS, rel=0.1)
    assert np.median(column["m_lv"] * higgs_toy.MASS_UNITS["m_lv"]) == pytest.approx(higgs_toy.W_MASS, rel=0.02)
    assert np.median(top) == pytest.approx(higgs_toy.TOP_MASS, rel=0.1)


def test_decay_products_add_up_to_their_parent():
    rng = np.random.default_rng(0)
    mass = np.full(100, 125.0)
    parent = higgs_toy._produced(rng, mass)
    first, second = higgs_toy._decay(rng, parent, mass, 30.0, 40.0)
    np.testing.assert_allclose(first + second, parent, rtol=1e-9)
    np.testing.assert_allclose(higgs_toy._mass(first), 30.0, rtol=1e-6)
    np.testing.assert_allclose(higgs_toy._mass(second), 40.0, rtol=1e-6)


def test_values_look_like_those_of_the_real_file(events):
    assert np.isfinite(events).all()
    features = dict(zip(FEATURES, events[:, 1:].T, strict=True))
    assert set(np.unique(events[:, 0])) == {0, 1}
    for name in B_TAGS:
        assert len(np.unique(features[name])) == 3
    for name in ("lepton_pT", *HIGH_LEVEL):
        assert 0.5 < features[name].mean() < 2


def test_signal_can_be_told_from_background_and_better_by_the_masses(events):
    label, low, high = events[:, 0], events[:, 1:22], events[:, 22:]

    def auc(columns):
        model = HistGradientBoostingClassifier(max_iter=30).fit(columns[:3000], label[:3000])
        return roc_auc_score(label[3000:], model.predict_proba(columns[3000:])[:, 1])

    assert auc(high) > auc(low)
    assert auc(high) > 0.6
