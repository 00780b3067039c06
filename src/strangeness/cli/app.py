"""The commands with their options and help; each loads its work when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import strangeness
from strangeness.cli.options import AsJson, Layout, Out, Quiet, Seed, Tree, Unit

app = typer.Typer(
    help="Is there something in these events that the known physics does not explain?",
    epilog="Example: strangeness demo --out demo",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
sample = typer.Typer(
    help="Make the shipped samples again, and one that is too large to ship.",
    epilog="Example: strangeness sample make dijets-56 --workers 2 --out dijets-56.parquet",
)
app.add_typer(sample, name="sample")
recipe = typer.Typer(
    help="Published studies, run again.", epilog="Example: strangeness recipe run finke-2021 --tiny"
)
app.add_typer(recipe, name="recipe")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"strangeness {strangeness.__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def top(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Is there something in these events that the known physics does not explain?"""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command(epilog="Example: strangeness demo --out demo --seed 1")
def demo(out: Out = None, seed: Seed = 1, quiet: Quiet = False, as_json: AsJson = False) -> None:
    """Detectors on the shipped jets, and a dijet search with and without a planted resonance."""
    from strangeness.cli.demo import run_demo

    place = out or Path("strangeness-demo")
    typer.echo(run_demo(place, seed=1 if seed is None else seed, quiet=quiet, json=as_json))


@app.command(
    epilog="Examples: strangeness search analysis.toml | "
    "strangeness search data.parquet --reference mc.parquet --detector mahalanobis --out run"
)
def search(
    source: Annotated[
        Path | None, typer.Argument(metavar="CONFIG.toml|DATA", help="Configuration, or a file of events.")
    ] = None,
    reference: Annotated[Path | None, typer.Option(help="Events of the known physics.")] = None,
    detector: Annotated[str | None, typer.Option(help="Name of a detector; see 'strangeness list'.")] = None,
    out: Out = None,
    context: Annotated[str | None, typer.Option(help="Column whose spectrum is searched [mjj].")] = None,
    range: Annotated[
        tuple[float, float] | None, typer.Option(metavar="LO HI", help="Range of the context in GeV.")
    ] = None,
    features: Annotated[str | None, typer.Option(help="Features, joined by commas.")] = None,
    alpha: Annotated[float | None, typer.Option(help="Largest p-value of a selected event.")] = None,
    blind: Annotated[
        bool, typer.Option("--blind", help="Freeze the configuration and rehearse without reading the data.")
    ] = False,
    unblind: Annotated[
        Path | None, typer.Option(metavar="FROZEN", help="Open the region of this frozen configuration.")
    ] = None,
    seed: Seed = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Search a spectrum for an excess among the strangest events."""
    from strangeness.cli.config import Given
    from strangeness.cli.searching import run

    given = Given(
        reference=reference, detector=detector, context=context, range=range, features=features, alpha=alpha
    )
    typer.echo(
        run(source, given, blind=blind, unblind=unblind, out=out, seed=seed, quiet=quiet, as_json=as_json)
    )


@app.command(
    epilog="Example: strangeness sensitivity analysis.toml --signal signal.parquet --strengths 0,50,100,200 "
    "--contamination 0,0.5,1,2 --workers 2 --out reach"
)
def sensitivity(
    source: Annotated[Path, typer.Argument(metavar="CONFIG.toml", help="Configuration of the search.")],
    signal: Annotated[Path, typer.Option(help="Events that are injected.")],
    strengths: Annotated[str, typer.Option(help="Expected signal events among the data, joined by commas.")],
    background: Annotated[
        Path | None, typer.Option(help="Events that stand for data and reference [the reference].")
    ] = None,
    events: Annotated[
        float | None,
        typer.Option(help="Expected background events among the data [a fifth of the background]."),
    ] = None,
    repetitions: Annotated[int, typer.Option(help="Pseudo-experiments at each strength.")] = 20,
    contamination: Annotated[
        str, typer.Option(help="Signal in the reference or the sidebands, percent, joined by commas.")
    ] = "0",
    workers: Annotated[int, typer.Option(help="Processes, each on one core; 0 uses this one alone.")] = 1,
    out: Out = None,
    seed: Seed = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Inject a signal into background and say how much of it a search finds; the data stay closed."""
    from strangeness.cli.injecting import Injected, run_sensitivity

    asked = Injected(
        signal=signal,
        strengths=strengths,
        background=background,
        events=events,
        repetitions=repetitions,
        contamination=contamination,
        workers=workers,
    )
    typer.echo(run_sensitivity(source, asked, out=out, seed=seed, quiet=quiet, json=as_json))


@app.command(
    epilog="Examples: strangeness compare --out compared | "
    "strangeness compare qcd.root top.root --detectors pca,conv-autoencoder --seeds 3 --out mine"
)
def compare(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="A file for each class, or one with labels [shipped jets]."),
    ] = None,
    out: Out = None,
    detectors: Annotated[
        str | None, typer.Option(help="Detectors, joined by commas [all quick ones on features].")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Every detector, and networks untrained too.")] = False,
    seeds: Annotated[int, typer.Option(help="Splits and fits; bands are over them.")] = 5,
    events: Annotated[
        int | None, typer.Option(help="Most training events [half the smallest class].")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Most passes of a network [its own].")] = None,
    features: Annotated[str | None, typer.Option(help="Features, joined by commas.")] = None,
    pixels: Annotated[int, typer.Option(help="Pixels along a side of a jet image.")] = 40,
    workers: Annotated[int, typer.Option(help="Processes, each on one core; 0 uses this one alone.")] = 1,
    cache: Annotated[
        Path | None, typer.Option(help="Folder of fits that serve again, also in other comparisons.")
    ] = None,
    layout: Layout = None,
    unit: Unit = None,
    tree: Tree = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Detectors on even terms: the same events, splits and budget, several seeds, every direction."""
    from strangeness.cli.comparing import Asked, run_compare

    asked = Asked(
        files=tuple(files or ()),
        detectors=detectors,
        full=full,
        seeds=seeds,
        events=events,
        epochs=epochs,
        features=features,
        pixels=pixels,
        workers=workers,
        cache=cache,
        layout=layout,
        unit=unit,
        tree=tree,
    )
    typer.echo(run_compare(asked, out=out or Path("strangeness-compare"), quiet=quiet, json=as_json))


@app.command(
    epilog="Example: strangeness score run/chain.strange new.parquet --out new.scores.parquet --json"
)
def score(
    artefact: Annotated[Path, typer.Argument(metavar="ARTEFACT", help="The chain.strange of a search.")],
    data: Annotated[Path, typer.Argument(metavar="DATA", help="A file of events.")],
    out: Annotated[Path | None, typer.Option(help="Parquet file to write [DATA.scores.parquet].")] = None,
    layout: Layout = None,
    unit: Unit = None,
    tree: Tree = None,
    seed: Seed = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Score new events with a stored chain: id, score, p-value and context of each."""
    from strangeness.cli.config import checked
    from strangeness.cli.scoring import run_score
    from strangeness.cli.tables import FileTable

    given = {"file": str(data), "layout": layout, "unit": unit, "tree": tree}
    table = checked(FileTable, given, "the command line")
    typer.echo(run_score(artefact, table, out=out, seed=seed, quiet=quiet, as_json=as_json))


@app.command(
    epilog="Examples: strangeness inspect data.parquet | "
    "strangeness inspect nano.root --layout nanoaod-jets --json"
)
def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of events.")],
    layout: Layout = None,
    unit: Unit = None,
    tree: Tree = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """What a file of events is: layout, ranges, missing values, labels, particles, and small pictures."""
    from strangeness.cli.inspecting import inspected

    typer.echo(inspected(file, layout=layout, unit=unit, tree=tree, quiet=quiet, as_json=as_json))


@app.command(epilog="Examples: strangeness show run/chain.strange | strangeness show run/result.json --json")
def show(
    file: Annotated[
        Path,
        typer.Argument(metavar="ARTEFACT|RESULT|FROZEN", help="chain.strange, result.json or frozen.json."),
    ],
    as_json: AsJson = False,
) -> None:
    """What a stored chain, a result or a frozen configuration holds, in words."""
    from strangeness.cli.showing import shown

    typer.echo(shown(file, as_json=as_json))


@app.command(epilog="Examples: strangeness cite cwola pca | strangeness cite run/result.json")
def cite(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[DETECTOR|ARTEFACT|RESULT]...", help="What to cite; all detectors if empty."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """BibTeX of what was used."""
    from strangeness.cli.citing import cited

    typer.echo(cited(names or [], as_json=as_json))


@app.command(epilog="Example: strangeness report run/result.json --out page.html")
def report(
    result: Annotated[Path, typer.Argument(metavar="RESULT", help="The result.json of a run.")],
    out: Annotated[Path | None, typer.Option(help="HTML file to write [report.html beside it].")] = None,
) -> None:
    """Make the page of a result anew."""
    from strangeness.cli.reporting import make_page

    typer.echo(make_page(result, out))


@app.command("list", epilog="Examples: strangeness list --json | strangeness list --processes")
def list_(
    processes: Annotated[
        bool, typer.Option("--processes", help="What 'strangeness generate' can make, instead.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """The detectors that are installed."""
    if processes:
        from strangeness.cli.generating import listed_processes

        typer.echo(listed_processes(as_json=as_json))
        return
    from strangeness.cli.listing import listed

    typer.echo(listed(as_json=as_json))


@app.command(
    epilog="Examples: strangeness generate wprime --set mass=4500 --events 3000 --out signal.parquet | "
    "strangeness generate dijet --events 100000 --subjettiness --workers 2 --out background.parquet | "
    "strangeness generate quark --events 5000 --hits --out quarks.parquet"
)
def generate(
    process: Annotated[str, typer.Argument(metavar="PROCESS", help="See 'strangeness list --processes'.")],
    events: Annotated[int, typer.Option(help="Rows wanted: jets, or events of two jets.")],
    out: Annotated[Path, typer.Option(help="The Parquet file to write.")],
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the process.")
    ] = None,
    pythia: Annotated[
        list[str] | None, typer.Option(metavar="'NAME = VALUE'", help="One more setting of Pythia.")
    ] = None,
    window: Annotated[
        tuple[float, float] | None, typer.Option(metavar="LO HI", help="pTHat in GeV; HI may be inf.")
    ] = None,
    mpi: Annotated[
        bool, typer.Option("--mpi", help="Multiparton interactions on; three times slower.")
    ] = False,
    bias: Annotated[
        float | None, typer.Option(help="Draw events as pTHat to this power more often, with weights.")
    ] = None,
    rows: Annotated[str | None, typer.Option(help="jets or dijets [what suits the process].")] = None,
    subjettiness: Annotated[
        bool, typer.Option("--subjettiness", help="54 N-subjettinesses of two jets, not four ratios.")
    ] = False,
    hits: Annotated[
        bool, typer.Option("--hits", help="Hits of tracker and calorimeters around each jet.")
    ] = False,
    no_detector: Annotated[
        bool, typer.Option("--no-detector", help="Visible particles as they are.")
    ] = False,
    radius: Annotated[float | None, typer.Option(help="Of the anti-kT jets.")] = None,
    pt_min: Annotated[float | None, typer.Option(help="Of a jet, or of the leading one, in GeV.")] = None,
    pt_max: Annotated[float | None, typer.Option(help="Of a jet, in GeV.")] = None,
    eta_max: Annotated[float | None, typer.Option(help="Largest |eta| of jets.")] = None,
    mjj_min: Annotated[float | None, typer.Option(help="Smallest mass of the two jets, in GeV.")] = None,
    seed: Seed = 1,
    workers: Annotated[int, typer.Option(help="Processes, each on one core.")] = 1,
    work: Annotated[Path | None, typer.Option(help="Folder of finished shards [the user's cache].")] = None,
    manifest: Annotated[
        Path | None, typer.Option(help="JSON file to write: settings, seeds, counts and checksums.")
    ] = None,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Generate events of a process, through a detector step, to jets; started again, it goes on."""
    from strangeness.cli.generating import Wanted, run_generate

    wanted = Wanted(
        process=process,
        events=events,
        set=set_ or [],
        pythia=pythia or [],
        window=window,
        mpi=mpi,
        bias=bias,
        rows=rows,
        subjettiness=subjettiness,
        hits=hits,
        no_detector=no_detector,
        cuts={"radius": radius, "pt_min": pt_min, "pt_max": pt_max, "eta_max": eta_max, "mjj_min": mjj_min},
        work=work,
        seed=1 if seed is None else seed,
        workers=workers,
        manifest=manifest,
    )
    typer.echo(run_generate(wanted, out, quiet=quiet, as_json=as_json))


@sample.command(epilog="Example: strangeness sample make dijets --out dijets.parquet --work shards")
def make(
    name: Annotated[str, typer.Argument(help="jets, dijets or dijets-56.")],
    out: Annotated[Path, typer.Option(help="The Parquet file to write.")],
    work: Annotated[Path | None, typer.Option(help="Folder of finished shards [the user's cache].")] = None,
    seed: Seed = 1,
    workers: Annotated[int, typer.Option(help="Processes, each on one core.")] = 1,
    quiet: Quiet = False,
) -> None:
    """Generate a sample with Pythia 8 and FastJet; started again, it goes on where it was stopped."""
    from strangeness.cli.samples import make_file

    typer.echo(make_file(name, out, work, seed=1 if seed is None else seed, workers=workers, quiet=quiet))


@recipe.command("list", epilog="Example: strangeness recipe list")
def list_recipes(as_json: AsJson = False) -> None:
    """The studies that can be run again."""
    from strangeness.cli.recipe_files import listed_recipes

    typer.echo(listed_recipes(as_json=as_json))


@recipe.command(epilog="Example: strangeness recipe run finke-2021 --out finke --workers 2")
def run(
    slug: Annotated[str, typer.Argument(help="Name of a recipe; see 'strangeness recipe list'.")],
    out: Out = None,
    tiny: Annotated[bool, typer.Option("--tiny", help="A quick form on few events.")] = False,
    data: Annotated[Path | None, typer.Option(help="Folder of files that the recipe needs.")] = None,
    workers: Annotated[int, typer.Option(help="Processes, each on one core.")] = 1,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Run a published study and print its numbers beside ours."""
    from strangeness.cli.recipes import run_recipe

    place = out or Path(f"strangeness-{slug}")
    typer.echo(
        run_recipe(slug, tiny=tiny, data=data, out=place, workers=workers, quiet=quiet, as_json=as_json)
    )
