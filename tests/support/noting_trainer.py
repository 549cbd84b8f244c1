"""A trainer that only notes, where its model should be, the `custom_config` that it was given."""

import json
from pathlib import Path


def run_fn(fn_args):
    """Writes it to `custom_config.json`."""
    folder = Path(fn_args.serving_model_dir)
    folder.mkdir(parents=True)
    (folder / "custom_config.json").write_text(json.dumps(fn_args.custom_config))
