"""Drawings as files and within a page."""

from base64 import b64decode
from io import BytesIO
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from seqattr.figures.drawings import Drawing, files_of, links_of, settle, write_drawings


def made(name: str) -> Drawing:
    figure = Figure(figsize=(2, 1), layout="constrained")
    figure.subplots().set_ylabel("a name that needs room")
    return Drawing(name, f"what {name} shows", figure)


def test_the_page_shows_the_file(tmp_path: Path) -> None:
    drawings = [made("a"), made("b")]
    paths = {name: tmp_path / Path(name).name for name in files_of(drawings)}
    pictures = write_drawings(paths, drawings)
    assert [(each.name, each.caption) for each in pictures] == [("a", "what a shows"), ("b", "what b shows")]
    for picture in pictures:
        assert b64decode(picture.png) == (tmp_path / f"{picture.name}.png").read_bytes()
        assert (tmp_path / f"{picture.name}.svg").read_text().count("<svg") == 1


def test_the_layout_is_found_once_and_stays(tmp_path: Path) -> None:
    drawing = made("a")
    write_drawings({name: tmp_path / Path(name).name for name in files_of([drawing])}, [drawing])
    left = drawing.figure.axes[0].get_position().x0
    assert left > 0.13  # constrained: room was made for the label
    drawing.figure.draw_without_rendering()
    assert drawing.figure.axes[0].get_position().x0 == left


def test_no_name_is_cut_at_the_edge_of_the_png() -> None:
    """Letters are wider at other dots per inch than what a layout was found for."""
    figure = Figure(figsize=(4, 2), layout="constrained")
    axes = figure.subplots()
    axes.set_yticks(range(3), ["rs1", "averyverylongvariantname", "an insertion"])
    axes.tick_params(labelsize=7.5)
    settle(figure)
    canvas = FigureCanvasAgg(figure)
    figure.set_dpi(150)
    canvas.draw()
    labels = figure.axes[0].get_yticklabels()
    assert min(label.get_window_extent(canvas.get_renderer()).x0 for label in labels) >= 3


def test_links_are_tables_then_figures_in_both_forms() -> None:
    links = links_of({"t.tsv": "a table"}, [made("a")])
    assert [link.name for link in links] == ["t.tsv", "figures/a.svg", "figures/a.png"]
    assert links[1].help == "what a shows"


def test_a_drawing_may_have_another_figure_for_a_narrow_page(tmp_path: Path) -> None:
    def draw(stacked: bool = False) -> Figure:
        return Figure(figsize=(1, 2) if stacked else (2, 1))

    drawing = Drawing.of("a", "what a shows", draw)
    (picture,) = write_drawings({name: tmp_path / Path(name).name for name in files_of([drawing])}, [drawing])
    wide, narrow = (Image.open(BytesIO(b64decode(png))).size for png in (picture.png, picture.narrow))
    assert wide == narrow[::-1] == (300, 150)
