"""Steps that do next to nothing, for what is about the run and not about its steps."""

from pathlib import Path

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types.standard_artifacts import Model


@component
def Writes(model: OutputArtifact[Model], text: Parameter[str]):  # noqa: N802 (a component's name)
    """Writes a text where a model would be."""
    Path(model.uri, "text").write_text(text)


@component
def Reads(model: InputArtifact[Model], copy: OutputArtifact[Model]):  # noqa: N802
    """Copies the text; an odd one is an error."""
    text = Path(model.uri, "text").read_text()
    if text == "odd":
        raise ValueError("the text is odd")
    Path(copy.uri, "text").write_text(text)
