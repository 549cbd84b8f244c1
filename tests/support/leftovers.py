"""What killed workers and desktops leave in the folders of artifacts, which nobody may take for an artifact's own."""

TEMPORARY = "beam-temp-data_tfrecord-0a1b2c"
EMPTY_FOLDER = f"{TEMPORARY}-empty"
HALF_FILE = f"{TEMPORARY}/0a1b2c.data_tfrecord.gz"
FOREIGN_FILES = (".DS_Store", "notes.txt", "x.gz", "0a1b2c.data_tfrecord.gz")
LEFT = (EMPTY_FOLDER, HALF_FILE, *FOREIGN_FILES)


def plant(folder):
    """Leaves an empty temporary folder, a half file in another one, and foreign files."""
    (folder / EMPTY_FOLDER).mkdir(parents=True)
    (folder / TEMPORARY).mkdir()
    for name in (HALF_FILE, *FOREIGN_FILES):
        (folder / name).write_bytes(b"\x1f\x8b\x08half of a file")


def plant_everywhere(artifacts):
    """Does so in each folder of artifacts; returns how many there were."""
    folders = [path for path in artifacts.rglob("*") if path.is_dir()]
    for folder in folders:
        plant(folder)
    return len(folders)
