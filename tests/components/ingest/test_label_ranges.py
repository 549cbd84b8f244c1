from components.contract import SPLITS
from components.ingest.label_ranges import with_outside
from components.ingest.report import LabelRange

RANGE = LabelRange(lowest=0, highest=1, lowest_place="a", highest_place="b")


def test_the_splits_are_in_one_order_whichever_a_worker_came_to_first():
    folders = dict.fromkeys(SPLITS, "")
    for found in (dict.fromkeys(reversed(SPLITS), RANGE), dict.fromkeys(("test", "eval"), RANGE)):
        assert list(with_outside(found, folders)) == [split for split in SPLITS if split in found]
