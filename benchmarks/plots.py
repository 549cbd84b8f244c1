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


def plot_steps(
    seconds: Mapping[str, Mapping[str, Mapping[int, float]]],
    lines: Mapping[str, Mapping[str, tuple[float, float]]],
    *,
    title: str,
    size: str,
    file: Path,
) -> None:
    """Writes an .html: a field a step, in it a colour an engine, with what was measured as points on its line.

    Args:
        seconds: By step, engine and size.
        lines: By step and engine, seconds at size 0 and a unit of size.
        title: Above all.
        size: What is counted, as "rows".
        file: Where it goes.
    """
    engines = list(dict.fromkeys(engine for by_engine in seconds.values() for engine in by_engine))
    figure = make_subplots(rows=1, cols=len(seconds), subplot_titles=list(seconds), horizontal_spacing=0.05)
    shown: set[str] = set()
    for column, (step, by_engine) in enumerate(seconds.items(), start=1):
        for engine, by_size in by_engine.items():
            at = engines.index(engine)
            own = {"legendgroup": engine, "name": engine, "row": 1, "col": column}
            colour = qualitative.D3[at]
            fixed, slope = lines[step][engine]
            ends = [0, max(by_size)]
            figure.add_scatter(
                x=ends,
                y=[fixed + slope * end for end in ends],
                mode="lines",
                showlegend=False,
                line={"color": colour, "dash": DASHES[at % len(DASHES)]},
                **own,
            )
            figure.add_scatter(
                x=list(by_size),
                y=list(by_size.values()),
                mode="markers",
                showlegend=engine not in shown,
                marker={"color": colour},
                **own,
            )
            shown.add(engine)
    figure.update_xaxes(title=size, rangemode="tozero")
    figure.update_yaxes(rangemode="tozero")
    figure.update_layout(title=title, template="plotly_white", legend={"orientation": "h", "y": -0.25})
    figure.write_html(file)
