"""Where a pipeline's file is: at the path that is given, or in the first folder that has one of the name.

The folders are those of $TRANSFERLINE_CATALOG, then `pipelines` in the current folder, then the catalog that comes
along.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from components.errors import TransferlineError
from components.wording import listed, nearest, printable
from pipeline import catalog
from pipeline.config import Pipeline
from pipeline.config.file import load_file
from pipeline.config.outline import outline

CATALOG_VARIABLE = "TRANSFERLINE_CATALOG"
OWN_FOLDER = "pipelines"
BUILT_IN = "the built-in catalog"
SUFFIX = ".py"


@dataclass(frozen=True)
class CatalogFolder:
    """A folder in which names are looked up.

    Attributes:
        path: The folder.
        origin: Why it is one, for people.
    """

    path: Path
    origin: str


@dataclass(frozen=True)
class PipelineFile:
    """A pipeline's file.

    Attributes:
        path: The file.
        name: The name it was looked up by; "" where a path was given.
        origin: Where it was found, for people.
        hidden: The files of the same name in later folders.
    """

    path: Path
    name: str = ""
    origin: str = "a path"
    hidden: tuple["PipelineFile", ...] = ()


@dataclass(frozen=True)
class Note:
    """What someone should know of how a pipeline was found.

    Attributes:
        text: What was taken, and why.
        cure: What to do about it.
    """

    text: str
    cure: str

    def __str__(self) -> str:
        return f"{self.text} {self.cure}"


def folders() -> list[CatalogFolder]:
    """Returns the folders in which names are looked up, in their order."""
    own = [CatalogFolder(path, f"./{OWN_FOLDER}") for path in [Path(OWN_FOLDER).absolute()] if path.is_dir()]
    named = [CatalogFolder(path, CATALOG_VARIABLE) for path in _named() if path.is_dir()]
    return [*named, *own, CatalogFolder(catalog.FOLDER, BUILT_IN)]


def folder_notes() -> list[Note]:
    """Returns what is wrong with $TRANSFERLINE_CATALOG."""
    cure = f"Make the folder, or take it from {CATALOG_VARIABLE}."
    return [
        Note(f"{CATALOG_VARIABLE} names {printable(str(path))}, which is no folder: it is left out.", cure)
        for path in _missing()
    ]


def find(given: str) -> PipelineFile:
    """Returns the file of a pipeline.

    Args:
        given: A name, or a path: what has a / in it or ends in .py.

    Raises:
        TransferlineError: There is none.
    """
    if os.sep in given or given.endswith(SUFFIX):
        return _at(given)
    found = _of_name(given)
    if found is None:
        raise _unknown(given)
    return found


def load(file: PipelineFile) -> Pipeline:
    """Returns the configuration in a pipeline's file.

    Raises:
        TransferlineError: The file isn't valid, or was found by another name than its pipeline has.
    """
    config = load_file(file.path)
    if file.name and config.name != file.name:
        raise TransferlineError(
            f"The file is found by the name '{file.name}', and its pipeline has the name '{config.name}'.",
            place=str(file.path),
            cure=f'Give both one name, as name="{file.name}", or give the path of the file.',
        )
    return config


def notes(file: PipelineFile) -> list[Note]:
    """Returns what someone should know of how a file was found by its name; nothing where its path was given."""
    if not file.name:
        return []
    found = folder_notes()
    if file.hidden:
        others = " and ".join(f"{printable(str(other.path))} (in {other.origin})" for other in file.hidden)
        text = f"'{file.name}' is {printable(str(file.path))}, since {file.origin} comes before; hidden: {others}."
        found.append(Note(text, "Give the path of the other if that is meant."))
    here = Path(f"{file.name}{SUFFIX}").absolute()
    is_taken = any(_is_same(here, each.path) for each in (file, *file.hidden))
    if here.is_file() and not is_taken and not outline(here).fault:
        text = f"'{file.name}' is {printable(str(file.path))} (in {file.origin}), and not {here.name} in this folder."
        found.append(Note(text, f"Give ./{here.name} if that is meant."))
    return found


def all_files() -> list[PipelineFile]:
    """Returns the file of each name, sorted by name; those that say that they hold no pipeline, too."""
    names = {path.stem for folder in folders() for path in _files(folder.path)}
    return [found for name in sorted(names) if (found := _of_name(name)) is not None]


def names() -> list[str]:
    """Returns the names of all pipelines, sorted."""
    return [file.name for file in all_files() if not outline(file.path).fault]


def paths(incomplete: str) -> list[str]:
    """Returns the folders and the Python files that a path may be the beginning of."""
    found = sorted(Path(incomplete).parent.glob("*") if not incomplete.endswith(os.sep) else Path(incomplete).glob("*"))
    head = incomplete[: incomplete.rfind(os.sep) + 1]
    named = [f"{head}{path.name}{os.sep * path.is_dir()}" for path in found if path.is_dir() or path.suffix == SUFFIX]
    return [path for path in named if path.startswith(incomplete)]


def _named() -> list[Path]:
    """The folders that the variable names, there or not."""
    names = os.environ.get(CATALOG_VARIABLE, "").split(os.pathsep)
    return list(dict.fromkeys(Path(os.path.expanduser(name)).absolute() for name in names if name.strip()))


def _missing() -> list[Path]:
    return [path for path in _named() if not path.is_dir()]


def _files(folder: Path) -> Iterator[Path]:
    """The files that a name can find; one whose name begins with _ is there to be imported by others."""
    yield from (path for path in folder.glob(f"*{SUFFIX}") if path.is_file() and not path.name.startswith(("_", ".")))


def _of_name(name: str) -> PipelineFile | None:
    found: list[PipelineFile] = []
    for folder in folders():
        path = folder.path / f"{name}{SUFFIX}"
        if not name.startswith(("_", ".")) and path.is_file() and not any(_is_same(path, each.path) for each in found):
            found.append(PipelineFile(path, name, folder.origin))
    return PipelineFile(found[0].path, name, found[0].origin, tuple(found[1:])) if found else None


def _is_same(path: Path, other: Path) -> bool:
    return path.exists() and path.samefile(other)


def _at(given: str) -> PipelineFile:
    path = Path(os.path.expanduser(given)).absolute()
    if path.is_file() and path.suffix == SUFFIX:
        return PipelineFile(path)
    if path.is_dir():
        there = [
            str(each.relative_to(Path.cwd()) if each.is_relative_to(Path.cwd()) else each) for each in _files(path)
        ]
        cure = f"Name one of its files: {listed(sorted(there))}." if there else "Name a file."
        raise TransferlineError("This is a folder, and a pipeline is a file.", place=str(path), cure=cure)
    if path.is_file():
        raise TransferlineError(
            "A pipeline is a Python file, whose name ends in .py.", place=str(path), cure="Name such a file."
        )
    beside = [each.name for each in _files(path.parent)] if path.parent.is_dir() else []
    raise TransferlineError(
        f"There is no such file{nearest(path.name, beside)}",
        place=str(path),
        cure="Give the path of a pipeline's file, or the name of a pipeline: see `transferline list`.",
    )


def _unknown(given: str) -> TransferlineError:
    known = names()
    cure = f"Use one of {listed(known, 20)}, or give the path of a file."
    here = Path(f"{given}{SUFFIX}")
    if here.is_file():
        cure = f"Give its path: ./{here}."
    places = [*(f"{path} (no folder)" for path in _missing()), *(str(folder.path) for folder in folders())]
    cause = f"There is no pipeline '{printable(given)}'{nearest(given, known)}"
    return TransferlineError(cause, place=listed(places, 20), cure=cure)
