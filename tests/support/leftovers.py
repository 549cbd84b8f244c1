"""What killed workers and desktops leave in the folders of artifacts, which nobody may take for an artifact's own."""

TEMPORARY = "beam-temp-data_tfrecord-0a1b2c"
EMPTY_FOLDER = f"{TEMPORARY}-empty"
HALF_FILE = f"{TEMPORARY}/0a1b2c.data_tfrecord.gz"
FOREIGN_FILES = (".DS_Store", "notes.txt", "x.gz", "0a1b2c.data_tfrecord.gz")
MODELS = {"Format-Serving", "pushed_model"}
LEFT = (EMPTY_FOLDER, HALF_FILE, *FOREIGN_FILES)


def plant(folder):
    """Leaves an empty temporary folder, a half file in another one, and foreign files."""
    (folder / EMPTY_FOLDER).mkdir(parents=True)
    (folder / TEMPORARY).mkdir()
    for name in (HALF_FILE, *FOREIGN_FILES):
        (folder / name).write_bytes(b"\x1f\x8b\x08half of a file")


def plant_everywhere(artifacts):
    """Does so in each folder of artifacts, but for a model's own, where a file that nobody knows is part of the model.

    Returns:
        How many folders there were.
    """
    folders = [path for path in artifacts.rglob("*") if path.is_dir() and not MODELS & {*path.parts}]
    for folder in folders:
        plant(folder)
    for model in [path.parent for path in artifacts.rglob("saved_model.pb")]:
        for name in (".DS_Store", "variables/._variables.index", f"{TEMPORARY}/variables/variables.index"):
            (model / name).parent.mkdir(parents=True, exist_ok=True)
            (model / name).write_bytes(b"half of a file")
    return len(folders)
