"""Tells the class and split of each photo from the folders that it lies in.

Either `class/photo`, or `train/class/photo` beside `validation/...` and `test/...`; both may lie in folders that hold
nothing else, as archives often have them. Folders below a class folder belong to the class.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from components.image_example_gen.names import PHOTO_NAME, class_fault, class_name
from components.image_example_gen.records import PhotoRecord
from components.ingest.file_names import HIDDEN, is_hidden, split_of_name
from components.ingest.report import Quarantined
from components.wording import printable

_Path = tuple[str, ...]


@dataclass(frozen=True)
class FolderLayout:
    """Where the classes are.

    Attributes:
        root: The folder that holds the class or split folders, from the top of the data.
        by_split: Whether the root holds split folders.
        aliases: Class name by folder name.
        group_level: Which folder below its class's is a photo's group, from 1 on; 0 for none.
    """

    root: _Path
    by_split: bool
    aliases: dict[str, str]
    group_level: int = 0

    def target(self, name: str) -> PhotoRecord | Quarantined:
        """Returns the class and split of a file, or why it has none.

        Args:
            name: Path from the top of the data, with "/" between its parts.
        """
        parts = tuple(name.split("/"))
        fault, split = "", ""
        below = parts[len(self.root) :]
        if any(is_hidden(part) for part in parts):
            fault = f"{HIDDEN}: it is no photo of a class"
        elif parts[: len(self.root)] != self.root:
            fault = "outside of every class folder"
        elif self.by_split:
            split, below = split_of_name(below[0]), below[1:]
            if not split:
                fault = "outside of the folders train, validation and test"
        if not fault and len(below) < 2:  # A class folder and a file.
            fault = "outside of every class folder"
        label = "" if fault else class_name(below[0], self.aliases)
        if not fault and (of_the_name := class_fault(label)):
            fault = f"the name of its class folder {of_the_name}"
        if not fault and self.group_level and len(below) < self.group_level + 2:
            fault = f"it lies in no folder of level {self.group_level} below its class's, which data.split.group names"
        if fault:
            return Quarantined(place=printable(name), reason=fault)
        group = below[self.group_level] if self.group_level else ""
        return PhotoRecord(name, label, split, group)


@dataclass(frozen=True)
class Tree:
    """The folders of the data, as paths from its top.

    Attributes:
        folders: The names of the folders in each folder, sorted, without hidden ones.
        filled: The folders that hold a file, right in them or further down.
        with_photos: The folders that hold files, right in them, that are named like photos.
    """

    folders: dict[_Path, list[str]]
    filled: frozenset[_Path]
    with_photos: frozenset[_Path]

    @classmethod
    def of(cls, files: Iterable[str], folders: Iterable[str]) -> "Tree":
        """Returns the tree of these names, with the folders that the files imply."""
        paths = [tuple(name.split("/")) for name in files]
        filled = {path[:depth] for path in paths for depth in range(1, len(path))}
        named = [tuple(name.split("/")) for name in folders]
        below: dict[_Path, list[str]] = {}
        for path in sorted(filled | {name[:depth] for name in named for depth in range(1, len(name) + 1)}):
            if not is_hidden(path[-1]):
                below.setdefault(path[:-1], []).append(path[-1])
        with_photos = frozenset(path[:-1] for path in paths if PHOTO_NAME.search(path[-1]))
        return cls(below, frozenset(filled), with_photos)

    def folders_in(self, folder: _Path) -> list[str]:
        """Returns the names of the folders right in a folder."""
        return self.folders.get(folder, [])

    def is_empty(self, folder: _Path) -> bool:
        """Returns whether there is no file anywhere below a folder."""
        return folder not in self.filled


def find_layout(tree: Tree, aliases: dict[str, str], group_level: int = 0) -> FolderLayout:
    """Returns the layout of a tree, going down through folders that hold nothing but one other folder."""
    root: _Path = ()
    while True:
        below = tree.folders_in(root)
        splits = {split_of_name(name) for name in below} - {""}
        if "train" in splits and len(splits) > 1:
            return FolderLayout(root, by_split=True, aliases=aliases, group_level=group_level)
        if len(below) != 1:
            break
        only = (*root, below[0])
        if only in tree.with_photos or not tree.folders_in(only):
            break
        root = only
    return FolderLayout(root, by_split=False, aliases=aliases, group_level=group_level)


def empty_class_folders(tree: Tree, layout: FolderLayout) -> list[Quarantined]:
    """Returns an entry for every class folder, or split folder, that holds no file at all."""
    tops = [(*layout.root, name) for name in tree.folders_in(layout.root)]
    if not layout.by_split:
        return [_empty(path, "class") for path in tops if tree.is_empty(path)]
    found = []
    for split in (path for path in tops if split_of_name(path[-1])):
        classes = [(*split, name) for name in tree.folders_in(split)]
        found += [_empty(path, "class") for path in classes if tree.is_empty(path)]
        if not classes and tree.is_empty(split):
            found.append(_empty(split, "split"))
    return found


def _empty(path: _Path, kind: str) -> Quarantined:
    return Quarantined(place=printable("/".join(path)) + "/", reason=f"the {kind} folder is empty")


def arrange(
    files: Iterable[str], folders: Iterable[str], aliases: dict[str, str], group_level: int = 0
) -> tuple[list[PhotoRecord | Quarantined], list[Quarantined]]:
    """Returns what each file is, in the order given, and the empty folders that should hold photos."""
    names = list(files)
    tree = Tree.of(names, folders)
    layout = find_layout(tree, aliases, group_level)
    return [layout.target(name) for name in names], empty_class_folders(tree, layout)
