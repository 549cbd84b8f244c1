"""The columns of HIGGS, in the order of the published file, the label first, and what its evaluation slices by."""

from components.transform.config import CountPositive, Quantiles

LOW_LEVEL = (
    "lepton_pT", "lepton_eta", "lepton_phi", "missing_energy_magnitude", "missing_energy_phi",
    "jet_1_pt", "jet_1_eta", "jet_1_phi", "jet_1_b-tag",
    "jet_2_pt", "jet_2_eta", "jet_2_phi", "jet_2_b-tag",
    "jet_3_pt", "jet_3_eta", "jet_3_phi", "jet_3_b-tag",
    "jet_4_pt", "jet_4_eta", "jet_4_phi", "jet_4_b-tag",
)  # fmt: skip
HIGH_LEVEL = ("m_jj", "m_jjj", "m_lv", "m_jlv", "m_bb", "m_wbb", "m_wwbb")
FEATURES = (*LOW_LEVEL, *HIGH_LEVEL)
LABEL_COLUMN = "class_label"
B_TAGS = tuple(name for name in LOW_LEVEL if name.endswith("b-tag"))

SLICES = {
    "b_tagged_jets": CountPositive(columns=B_TAGS),
    "lepton_pT_quartile": Quantiles(column="lepton_pT"),
    "m_bb_quartile": Quantiles(column="m_bb"),
}
