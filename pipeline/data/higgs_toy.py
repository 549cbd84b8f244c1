"""A toy of the HIGGS data: simulated collisions with a signal and a background, in the columns of the real file.

Signal: H0 (425 GeV) -> W H+-, H+- (325 GeV) -> W h, h (125 GeV) -> b b. Background: t t -> W b W b. In both, one W
decays to a lepton and a neutrino and the other to two quarks. Process and columns as in Baldi, Sadowski, Whiteson,
"Searching for exotic particles in high-energy physics with deep learning", Nature Communications 5 (2014) 4308.

It's a toy: two-body decays and Gaussian detectors, without spin, radiation or pile-up. The seven masses are computed
from the 21 low-level columns, as they are stored, so that they hold no information of their own, as in the real file.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
from isal import igzip

from components.arrow import csv, pa
from components.ingest.side_by_side import in_order
from pipeline.data.higgs import FEATURES, HIGH_LEVEL, LABEL_COLUMN, LOW_LEVEL

Array = npt.NDArray[np.float64]

CHUNK_ROWS = 50_000
THREADS = os.cpu_count() or 1
COMPRESSION_LEVEL = 1
SIGNAL_SHARE = 0.53
W_MASS, TOP_MASS, H_MASS, CHARGED_HIGGS_MASS, HEAVY_HIGGS_MASS = 80.4, 173.0, 125.0, 325.0, 425.0
WIDTH = 2.0
"""Standard deviation of a decaying particle's mass, in GeV."""
LEPTON_SMEAR, JET_SMEAR, MISSING_SMEAR_GEV = 0.02, 0.12, 12.0
MIN_PT_GEV, MAX_ETA = 20.0, 2.5
JETS = 4

# The real columns are in units of about their mean (angles: their standard deviation); so are these.
LEPTON_PT_UNIT, MISSING_UNIT, JET_PT_UNITS = 50.0, 60.0, (110.0, 80.0, 60.0, 40.0)
PHI_UNIT = 1.8
B_TAG_UNITS = (1.0865, 1.1075, 1.2740, 1.5510)
MASS_UNITS = {
    "m_jj": 90.0, "m_jjj": 175.0, "m_lv": 85.0, "m_jlv": 165.0, "m_bb": 125.0, "m_wbb": 290.0, "m_wwbb": 400.0,
}  # fmt: skip


def write_csv(path: Path, rows: int, seed: int = 0) -> None:
    """Writes a file in the layout of the real one: no header, the label first, then the 28 features.

    Args:
        path: The file; one whose name ends in .gz is compressed.
        rows: How many. A smaller file is the beginning of a larger one of the same seed, but for its compression.
        seed: Same seed, same file.
    """

    def content(number: int) -> bytes:
        text = _csv(_batch(number, rows, seed))
        # A gzip file may have several members (RFC 1952, 2.2): each batch is one, so that they are made side by side.
        return bytes(igzip.compress(text, COMPRESSION_LEVEL, mtime=0)) if path.suffix == ".gz" else text

    with path.open("wb") as file, ThreadPoolExecutor(THREADS) as threads:
        for piece in in_order(threads, content, range(_batch_count(rows)), ahead=THREADS):
            file.write(piece)


def batches(rows: int, seed: int = 0) -> Iterator[npt.NDArray[np.float32]]:
    """Yields float32 [n, 29]: the label, 1 for signal and 0 for background, then the features; `rows` in all."""
    for number in range(_batch_count(rows)):
        yield _batch(number, rows, seed)


def high_level(low: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Computes the seven masses from the low-level columns.

    The two jets with the strongest b-tags are taken for the b quarks, the other two for the W that decayed to quarks.
    The neutrino's momentum along the beam is the smaller solution that gives lepton and neutrino the mass of a W, or,
    where there is none, the real part.

    Args:
        low: float32 [n, 21], in the order of `LOW_LEVEL`.

    Returns:
        float32 [n, 7], in the order of `HIGH_LEVEL`.
    """
    columns = {name: low[:, index].astype(np.float64) for index, name in enumerate(LOW_LEVEL)}
    lepton = _vector(columns["lepton_pT"] * LEPTON_PT_UNIT, columns["lepton_eta"], columns["lepton_phi"] * PHI_UNIT)
    neutrino = _neutrino(
        lepton, columns["missing_energy_magnitude"] * MISSING_UNIT, columns["missing_energy_phi"] * PHI_UNIT
    )
    jets = np.stack(
        [
            _vector(columns[f"jet_{j + 1}_pt"] * JET_PT_UNITS[j], columns[f"jet_{j + 1}_eta"],
                    columns[f"jet_{j + 1}_phi"] * PHI_UNIT)
            for j in range(JETS)
        ],
        axis=1,
    )  # fmt: skip
    tags = np.stack([np.rint(columns[f"jet_{j + 1}_b-tag"] / B_TAG_UNITS[j]) for j in range(JETS)], axis=1)
    by_tag = np.argsort(-tags, axis=1, kind="stable")
    ordered = np.take_along_axis(jets, by_tag[:, :, None], axis=1)
    b_1, b_2, light = ordered[:, 0], ordered[:, 1], ordered[:, 2] + ordered[:, 3]
    # Of the two ways to pair the b jets with the W's, the one in which the light pair makes the better top.
    first_is_hadronic = np.abs(_mass(light + b_1) - TOP_MASS) < np.abs(_mass(light + b_2) - TOP_MASS)
    hadronic_b = np.where(first_is_hadronic[:, None], b_1, b_2)
    leptonic_b = np.where(first_is_hadronic[:, None], b_2, b_1)
    leptonic_w = lepton + neutrino
    masses = {
        "m_jj": _mass(light),
        "m_jjj": _mass(light + hadronic_b),
        "m_lv": _mass(leptonic_w),
        "m_jlv": _mass(leptonic_w + leptonic_b),
        "m_bb": _mass(b_1 + b_2),
        "m_wbb": _mass(leptonic_w + b_1 + b_2),
        "m_wwbb": _mass(leptonic_w + light + b_1 + b_2),
    }
    return np.stack([masses[name] / MASS_UNITS[name] for name in HIGH_LEVEL], axis=1).astype(np.float32)


def _batch_count(rows: int) -> int:
    return (rows + CHUNK_ROWS - 1) // CHUNK_ROWS


def _batch(number: int, rows: int, seed: int) -> npt.NDArray[np.float32]:
    chunk = _chunk(np.random.default_rng((seed, number)))
    return np.ascontiguousarray(chunk[: rows - number * CHUNK_ROWS])


def _csv(batch: npt.NDArray[np.float32]) -> bytes:
    text = pa.BufferOutputStream()
    table = pa.Table.from_arrays(list(batch.T), names=[LABEL_COLUMN, *FEATURES])
    csv.write_csv(table, text, csv.WriteOptions(include_header=False))
    return bytes(text.getvalue())


def _chunk(rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """One chunk of events that the detector accepts: float32 [CHUNK_ROWS, 29]."""
    found: list[npt.NDArray[np.float32]] = []
    while sum(map(len, found)) < CHUNK_ROWS:
        found.append(_accepted(rng, CHUNK_ROWS))
    return np.concatenate(found)[:CHUNK_ROWS]


def _accepted(rng: np.random.Generator, events: int) -> npt.NDArray[np.float32]:
    """Simulates events and keeps those whose lepton and jets are hard and central enough to be seen."""
    signal = rng.random(events) < SIGNAL_SHARE
    w_1, w_2, b_1, b_2 = (
        np.where(signal[:, None], ours, theirs)
        for ours, theirs in zip(_signal(rng, events), _background(rng, events), strict=True)
    )
    lepton, neutrino = _decay(rng, w_1, _masses(rng, W_MASS, events), 0.0, 0.0)
    quark_1, quark_2 = _decay(rng, w_2, _masses(rng, W_MASS, events), 0.0, 0.0)
    lepton = lepton * _smear(rng, events, LEPTON_SMEAR)
    jets = np.stack([jet * _smear(rng, events, JET_SMEAR) for jet in (b_1, b_2, quark_1, quark_2)], axis=1)
    is_b = np.broadcast_to(np.array([True, True, False, False]), (events, JETS))
    tags = _b_tags(rng, is_b)
    missing = neutrino[:, 1:3] + rng.normal(0, MISSING_SMEAR_GEV, (events, 2))

    jet_pt = np.hypot(jets[..., 1], jets[..., 2])
    hardest_first = np.argsort(-jet_pt, axis=1)
    jets = np.take_along_axis(jets, hardest_first[:, :, None], axis=1)
    tags = np.take_along_axis(tags, hardest_first, axis=1)
    jet_pt, jet_eta, jet_phi = _cylindrical(jets)
    lepton_pt, lepton_eta, lepton_phi = _cylindrical(lepton)

    columns = [lepton_pt / LEPTON_PT_UNIT, lepton_eta, lepton_phi / PHI_UNIT]
    columns += [np.hypot(*missing.T) / MISSING_UNIT, np.arctan2(missing[:, 1], missing[:, 0]) / PHI_UNIT]
    for j in range(JETS):
        columns += [jet_pt[:, j] / JET_PT_UNITS[j], jet_eta[:, j], jet_phi[:, j] / PHI_UNIT]
        columns += [tags[:, j] * B_TAG_UNITS[j]]
    seen = (lepton_pt > MIN_PT_GEV) & (np.abs(lepton_eta) < MAX_ETA)
    seen &= np.all((jet_pt > MIN_PT_GEV) & (np.abs(jet_eta) < MAX_ETA), axis=1)
    low = np.stack(columns, axis=1)[seen].astype(np.float32)
    return np.concatenate([signal[seen, None].astype(np.float32), low, high_level(low)], axis=1)


def _signal(rng: np.random.Generator, events: int) -> tuple[Array, Array, Array, Array]:
    """H0 -> W H+-, H+- -> W h, h -> b b; returns the lepton's W, the quarks' W and the two b quarks."""
    heavy_mass = _masses(rng, HEAVY_HIGGS_MASS, events)
    charged_mass = _masses(rng, CHARGED_HIGGS_MASS, events)
    w_a, charged = _decay(rng, _produced(rng, heavy_mass), heavy_mass, W_MASS, charged_mass)
    w_b, h = _decay(rng, charged, charged_mass, W_MASS, H_MASS)
    b_1, b_2 = _decay(rng, h, np.full(events, H_MASS), 0.0, 0.0)
    swapped = (rng.random(events) < 0.5)[:, None]  # Either W may be the lepton's.
    return np.where(swapped, w_b, w_a), np.where(swapped, w_a, w_b), b_1, b_2


def _background(rng: np.random.Generator, events: int) -> tuple[Array, Array, Array, Array]:
    """A pair of top quarks, each to a W and a b quark; returns the lepton's W, the quarks' W and the two b quarks."""
    top_1, top_2 = _masses(rng, TOP_MASS, events), _masses(rng, TOP_MASS, events)
    pair_mass = top_1 + top_2 + rng.exponential(120.0, events)
    first, second = _decay(rng, _produced(rng, pair_mass), pair_mass, top_1, top_2)
    w_1, b_1 = _decay(rng, first, top_1, W_MASS, 0.0)
    w_2, b_2 = _decay(rng, second, top_2, W_MASS, 0.0)
    return w_1, w_2, b_1, b_2


def _masses(rng: np.random.Generator, mass: float, events: int) -> Array:
    return mass + rng.normal(0, WIDTH, events)


def _produced(rng: np.random.Generator, mass: Array) -> Array:
    """Four-vectors [n, 4] (E, px, py, pz), in GeV, of particles made in a collision."""
    pt, phi = rng.exponential(35.0, mass.shape), rng.uniform(-np.pi, np.pi, mass.shape)
    pz = rng.normal(0, 220.0, mass.shape)
    return np.stack([np.sqrt(mass**2 + pt**2 + pz**2), pt * np.cos(phi), pt * np.sin(phi), pz], axis=1)


def _decay(
    rng: np.random.Generator, parent: Array, mass: Array, mass_1: float | Array, mass_2: float | Array
) -> tuple[Array, Array]:
    """Lets particles decay in two, in any direction alike in their own frame; four-vectors [n, 4] in and out.

    Momentum of two-body decay and boost: Particle Data Group, Review of Particle Physics, "Kinematics".
    """
    momentum = np.sqrt(np.maximum((mass**2 - (mass_1 + mass_2) ** 2) * (mass**2 - (mass_1 - mass_2) ** 2), 0.0))
    momentum = momentum / (2 * mass)
    cosine, phi = rng.uniform(-1, 1, mass.shape), rng.uniform(-np.pi, np.pi, mass.shape)
    sine = np.sqrt(1 - cosine**2)
    direction = np.stack([sine * np.cos(phi), sine * np.sin(phi), cosine], axis=1) * momentum[:, None]
    first = np.concatenate([np.sqrt(mass_1**2 + momentum**2)[:, None], direction], axis=1)
    # The parent's energy and momentum may tell a slightly other mass than the drawn one: the frame is the parent's.
    beta = parent[:, 1:] / parent[:, :1]
    gamma = 1 / np.sqrt(np.maximum(1 - np.sum(beta**2, axis=1), 1e-12))
    first = _boost(first, beta, gamma)
    second = np.concatenate([np.sqrt(mass_2**2 + momentum**2)[:, None], -direction], axis=1)
    return first, _boost(second, beta, gamma)


def _boost(vector: Array, beta: Array, gamma: Array) -> Array:
    along = np.sum(beta * vector[:, 1:], axis=1)
    factor = gamma**2 / (gamma + 1) * along + gamma * vector[:, 0]
    energy = gamma * (vector[:, 0] + along)
    return np.concatenate([energy[:, None], vector[:, 1:] + factor[:, None] * beta], axis=1)


def _smear(rng: np.random.Generator, events: int, share: float) -> Array:
    return np.maximum(rng.normal(1, share, (events, 1)), 0.1)


def _b_tags(rng: np.random.Generator, is_b: npt.NDArray[np.bool_]) -> Array:
    """0: not tagged, 1: tagged loosely, 2: tagged tightly."""
    drawn = rng.random(is_b.shape)
    tight, loose = np.where(is_b, 0.5, 0.02), np.where(is_b, 0.72, 0.14)
    return np.where(drawn < tight, 2.0, np.where(drawn < loose, 1.0, 0.0))


def _cylindrical(vector: Array) -> tuple[Array, Array, Array]:
    """Returns transverse momentum, pseudorapidity and azimuth of four-vectors [..., 4]."""
    pt = np.hypot(vector[..., 1], vector[..., 2])
    return pt, np.arcsinh(vector[..., 3] / np.maximum(pt, 1e-9)), np.arctan2(vector[..., 2], vector[..., 1])


def _vector(pt: Array, eta: Array, phi: Array) -> Array:
    """Four-vectors [n, 4] of massless particles."""
    return np.stack([pt * np.cosh(eta), pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)], axis=1)


def _neutrino(lepton: Array, missing: Array, phi: Array) -> Array:
    px, py = missing * np.cos(phi), missing * np.sin(phi)
    energy, pz = lepton[:, 0], lepton[:, 3]
    transverse = np.maximum(energy**2 - pz**2, 1e-9)
    a = W_MASS**2 / 2 + lepton[:, 1] * px + lepton[:, 2] * py
    root = np.sqrt(np.maximum(energy**2 * (a**2 - transverse * missing**2), 0.0))
    low, high = (a * pz - root) / transverse, (a * pz + root) / transverse
    along = np.where(np.abs(low) < np.abs(high), low, high)
    return np.stack([np.sqrt(missing**2 + along**2), px, py, along], axis=1)


def _mass(vector: Array) -> Array:
    return np.sqrt(np.maximum(vector[:, 0] ** 2 - np.sum(vector[:, 1:] ** 2, axis=1), 0.0))
