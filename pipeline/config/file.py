"""A catalog file: any Python file that assigns a pipeline's settings to CONFIG."""

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from pydantic import ValidationError

from components.errors import TransferlineError
from pipeline.config.faults import as_read, in_words
from pipeline.config.pipeline import BUILT_IN, OWN_PACKAGES, ImagePipeline, Pipeline, RowPipeline

CONFIG = "CONFIG"
BUILT_IN_PACKAGE = "pipeline.catalog"
CURE = f"Assign an {ImagePipeline.__name__} or a {RowPipeline.__name__} to CONFIG there."


def load_file(path: Path) -> Pipeline:
    """Runs a catalog file, and returns what it assigns to CONFIG.

    Its folder is first on `sys.path` meanwhile, as it is when the file is run as a script, so that it can import what
    lies beside it.

    Args:
        path: The file.

    Raises:
        TransferlineError: The file can't be read, raises, or has no CONFIG.
    """
    path = path.absolute()
    try:
        with redirect_stdout(sys.stderr):  # stdout is for the command's results
            name = built_in_name(path)
            module = importlib.import_module(f"{BUILT_IN_PACKAGE}.{name}") if name else _run(path)
    except TransferlineError:
        raise
    except ValidationError as error:
        raise _invalid(error, path) from error
    except (Exception, SystemExit) as error:
        raise _raised(error, path) from error
    if not hasattr(module, CONFIG):
        raise TransferlineError("The file has no CONFIG, so it holds no pipeline.", place=str(path), cure=CURE)
    config = getattr(module, CONFIG)
    if not isinstance(config, Pipeline):
        cause = f"CONFIG is of the type {type(config).__name__}, which is no pipeline."
        raise TransferlineError(cause, place=str(path), cure=CURE)
    return config.read_from(path)


def built_in_name(path: str | Path) -> str:
    """Returns the name of one of the pipelines that come along; "" of any other file."""
    found = [
        each for each in (Path(path).absolute(), Path(path).resolve()) if each.parent in (BUILT_IN, BUILT_IN.resolve())
    ]
    return found[0].stem if found else ""


def _run(path: Path) -> ModuleType:
    name = f"the catalog file {path}"  # which no import statement can name, so that it hides no module
    spec = importlib.util.spec_from_loader(name, _Loader(name, str(path)))
    if spec is None or spec.loader is None:
        raise ImportError(f"no loader for {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with _folder_first(path.parent):
            spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


class _Loader(SourceFileLoader):
    """Compiles a file each time: what is cached as bytecode would hide a change within the same second."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


@contextmanager
def _folder_first(folder: Path) -> Iterator[None]:
    """Lets a file import what lies beside it, and forgets that afterwards: another folder may have the same names."""
    before, path = set(sys.modules), list(sys.path)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = path
        if str(folder) not in path:
            for name in set(sys.modules) - before:
                if _lies_in(folder, name):
                    del sys.modules[name]


def _lies_in(folder: Path, name: str) -> bool:
    """Whether a module was found right in a folder; what this project has is found elsewhere too."""
    top = name.partition(".")[0]
    file = getattr(sys.modules[name], "__file__", None)
    beside = (folder / f"{top}.py", folder / top)
    return top not in OWN_PACKAGES and file is not None and any(Path(file).is_relative_to(each) for each in beside)


def _invalid(error: ValidationError, path: Path) -> TransferlineError:
    faults = [f"{error.title}.{'.'.join(map(str, fault['loc']))}: {in_words(fault)}" for fault in error.errors()]
    return TransferlineError(
        "The catalog file isn't valid:\n" + "\n".join(f"  - {fault}" for fault in as_read(faults)),
        place=_line_of(error, path),
        cure="Correct these settings.",
    )


def _raised(error: BaseException, path: Path) -> TransferlineError:
    if isinstance(error, OSError) and error.filename == str(path):
        return TransferlineError(f"The file can't be read: {error.strerror}.", place=str(path), cure="Name another.")
    what = f"{type(error).__name__}: {error}".removesuffix(": ")
    cure = "Correct it there."
    if isinstance(error, SystemExit):
        what, cure = "SystemExit", 'Let only a script do that: put it below `if __name__ == "__main__":`.'
    elif isinstance(error, ModuleNotFoundError):
        cure = f"Install it, or put it beside the file, into {path.parent}."
    return TransferlineError(f"The file raises {what}, when it is imported.", place=_line_of(error, path), cure=cure)


def _line_of(error: BaseException, path: Path) -> str:
    """The innermost line that is in the file, or in one beside it; the file alone where no line is known."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return f"{error.filename}, line {error.lineno}: {(error.text or '').strip()}".removesuffix(": ")
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).parent == path.parent
    ]
    if not frames:
        return str(path)
    return f"{frames[-1].filename}, line {frames[-1].lineno}: {frames[-1].line}".removesuffix(": ")
