"""Packages Transferline: for `pip install`, and for Beam workers through `--setup_file=setup.py`."""

from pathlib import Path

from setuptools import find_packages, setup

HERE = Path(__file__).parent


def _requirements(name: str) -> list[str]:
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


setup(
    name="transferline",
    version="0.9.3",
    description="A production ML pipeline on TFX: photos or CSV in, a validated, blessed and pushed model out.",
    long_description=(HERE / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10,<3.14",
    packages=find_packages(include=["transferline", "pipeline", "pipeline.*", "components", "components.*", "schemas"]),
    package_data={
        "schemas": ["*.pbtxt"],
        "components.report": ["templates/*"],
        "pipeline.new": ["*.jinja"],
    },
    install_requires=_requirements("requirements.in"),
    extras_require={"dev": _requirements("requirements-dev.in")},
    entry_points={"console_scripts": ["transferline=pipeline.cli:main"]},
)
