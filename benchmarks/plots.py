"""Draws cost against size: seconds on the left, memory on the right, a line each."""

from collections.abc import Mapping
from pathlib import Path

from plotly.colors import qualitative
from plotly.subplots import make_subplots

DASHES = ("solid", "dash", "dot")


def plot_costs(
    seconds: Mapping[str, Mapping[int, float]],
    megabytes: Mapping[str, Mapping[int, float]],
    *,
    title: str,
    size: str,
    file: Path,
) -> None:
    """Writes an .html.

    Args:
        seconds: By what is drawn, then by size.
        megabytes: The same; whose name is in both has one colour and one dash.
        title: Above both.
        size: What is counted, as "rows".
        file: Where it goes.
    """
    names = list(dict.fromkeys([*seconds, *megabytes]))
    figure = make_subplots(rows=1, cols=2, subplot_titles=("seconds", "peak MB"), horizontal_spacing=0.12)
    shown: set[str] = set()
    for column, costs in enumerate((seconds, megabytes), start=1):
        for name, by_size in costs.items():
            at = names.index(name)
            figure.add_scatter(
                x=list(by_size),
                y=list(by_size.values()),
                name=name,
                legendgroup=name,
                showlegend=name not in shown,
                line={"color": qualitative.D3[at], "dash": DASHES[at % len(DASHES)]},
                row=1,
                col=column,
            )
            shown.add(name)
    figure.update_xaxes(title=size, rangemode="tozero")
    figure.update_yaxes(rangemode="tozero")
    figure.update_layout(title=title, template="plotly_white", legend={"orientation": "h", "y": -0.25})
    figure.write_html(file)
