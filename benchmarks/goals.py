"""What was asked of speed, and what was measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from result_files import Result

Results = dict[str, Result]


@dataclass(frozen=True)
class Goal:
    """One goal.

    Attributes
    ----------
    what
        What is compared.
    measure
        Results to a ratio; None where it is not measured.
    least, most
        Bound of the ratio that was asked for; neither: the ratio is to be said.
    beside
        What else is worth saying of it: results to words.
    on_device
        Whether it takes a GPU.
    """

    what: str
    measure: Callable[[Results], float | None]
    least: float | None = None
    most: float | None = None
    beside: Callable[[Results], str] = lambda _: ""
    on_device: bool = False

    def row(self, results: Results) -> tuple[str, str, str, str]:
        """What, asked, measured, and whether it is met."""
        asked = "to be said"
        if self.least is not None:
            asked = f"≥ {self.least:g}×"
        elif self.most is not None:
            asked = f"≤ {self.most:g}×"
        measured = self.measure(results)
        if measured is None:
            missing = "not yet run on a device" if self.on_device else "not yet measured"
            return self.what, asked, missing, ""
        met = measured >= self.least if self.least is not None else measured <= (self.most or measured)
        verdict = "" if self.least is None and self.most is None else "met" if met else "**missed**"
        return self.what, asked, f"{measured:.2f}×{self.beside(results)}", verdict


def _ratio(kind: str, slow: str, fast: str) -> Callable[[Results], float | None]:
    """How many times as long one case takes as another one of the same file."""

    def measure(results: Results) -> float | None:
        if kind not in results:
            return None
        a, b = results[kind].seconds(slow), results[kind].seconds(fast)
        return None if a is None or b is None else a / b

    return measure


def _beside(kind: str, peer: str, names: dict[str, str]) -> Callable[[Results], str]:
    """Ratios of a peer to other cases of ours."""

    def words(results: Results) -> str:
        ratios = {label: _ratio(kind, peer, name)(results) for name, label in names.items()}
        said = [f"{label} {ratio:.2f}×" for label, ratio in ratios.items() if ratio is not None]
        return f" ({', '.join(said)})" if said else ""

    return words


def _memory(name: str) -> Callable[[Results], float | None]:
    def measure(results: Results) -> float | None:
        result = results.get("tally-M")
        peak = None if result is None else result.extra(name, "peak_bytes")
        return None if result is None or peak is None else peak / result.extra(name, "input_bytes")

    return measure


def _beside_memory(results: Results) -> str:
    beyond = _memory("codes")(results)
    return "" if beyond is None else f" (beyond the works {beyond - 1:.2f}×)"


def _rate(rows: str, *peers: str) -> Callable[[Results], float | None]:
    """How fast these rows are read, by bytes, beside the best of the peers."""

    def measure(results: Results) -> float | None:
        if "ingest" not in results:
            return None
        rates = [results["ingest"].extra(f"test_{rows}_{tool}", "mb_per_s") for tool in ("trendcore", *peers)]
        return None if None in rates else rates[0] / max(rates[1:])

    return measure


def _faster(fast: str, slow: str) -> Callable[[Results], float | None]:
    """How many times as many series a second."""

    def measure(results: Results) -> float | None:
        if "trends" not in results:
            return None
        rates = [results["trends"].extra(name, "series_per_s") for name in (fast, slow)]
        return None if None in rates else rates[0] / rates[1]

    return measure


def _trends(test: str, label: str) -> Goal:
    whole = _faster(f"test_trend[{test}]", f"test_loop[{test}]")

    def beside(results: Results) -> str:
        ratio = whole(results)
        return "" if ratio is None else f" (`tc.trends.trend`, from a long table, {ratio:.0f}×)"

    return Goal(
        f"trends of 60,000 series of 45 years, {label}: a pymannkendall loop / ours, from arrays",
        _faster(f"test_arrays[{test}]", f"test_loop[{test}]"),
        least=150,
        beside=beside,
    )


def _median(kind: str, name: str) -> Callable[[Results], float | None]:
    """Seconds of a benchmark by the name of its test."""

    def measure(results: Results) -> float | None:
        return results[kind].median(name) if kind in results else None

    return measure


def _words(kind: str, name: str, form: str, results: Results) -> str:
    seconds = _median(kind, name)(results)
    return "" if seconds is None else f" ({form.format(seconds)})"


def _over_loop(results: Results) -> float | None:
    """How many times as long a thousand replicates take in Polars."""
    ours = _median("bootstrap-M", "test_bootstrap[percentile]")(results)
    loop = _median("bootstrap-M", "test_polars")(results)
    return None if ours is None or loop is None else 1000 * loop / ours


def _of_budget(name: str, what: str, budget: float) -> Callable[[Results], float | None]:
    """Part of a budget of seconds, or of bytes, that is taken."""

    def measure(results: Results) -> float | None:
        if "bootstrap-M" not in results:
            return None
        result = results["bootstrap-M"]
        found = result.median(name) if what == "seconds" else result.extra(name, what)
        return None if found is None else found / budget

    return measure


def _of_full_update(test: str) -> Callable[[Results], float | None]:
    """Part of the time of an update that makes everything."""

    def measure(results: Results) -> float | None:
        layout = test[test.index("[") :]
        part, whole = (_median("update-M", name)(results) for name in (test, f"test_full{layout}"))
        return None if part is None or whole is None else part / whole

    return measure


def _each_change(results: Results) -> str:
    name = "test_after_one_input_changed[years]"
    each = results["update-M"].extra(name, "each") if "update-M" in results else None
    if each is None:
        return ""
    return f" (from {min(each):.1f} s, old years, to {max(each):.1f} s, years of the trends)"


def _over_floor(results: Results) -> float | None:
    """How many times as long a full update takes as reading, tallying, writing and hashing in it."""
    if "update-M" not in results:
        return None
    steps = results["update-M"].extra("test_full[years]", "seconds")
    return None if steps is None else sum(steps.values()) / (steps["papers"] + steps["publish"])


def _polars_over(name: str) -> Callable[[Results], float | None]:
    """How many times as long Polars takes on the processors beside the GPU."""

    def measure(results: Results) -> float | None:
        if "gpu-M" not in results:
            return None
        polars, kernel = (results["gpu-M"].median(one) for one in ("test_dense_polars", name))
        return None if polars is None or kernel is None else polars / kernel

    return measure


def _cpu_over_gpu(test: str) -> Callable[[Results], float | None]:
    """How many times as long all processors take beside the GPU, for kernels of statistics."""

    def measure(results: Results) -> float | None:
        if "gpu-M" not in results:
            return None
        cpu, gpu = (results["gpu-M"].median(f"{test}[{place}]") for place in ("cpu", "gpu"))
        return None if cpu is None or gpu is None else cpu / gpu

    return measure


def _over_bandwidth(results: Results) -> float | None:
    if "gpu-M" not in results:
        return None
    ratio: float | None = results["gpu-M"].extra("test_dense_data_on_the_device", "times_of_reading")
    return ratio


def _device(results: Results) -> str:
    return f" ({results['gpu-M'].device})"


def _against(peer: str, label: str, least: float) -> Goal:
    also = _beside("tally-M", peer, {"enum": "Enum", "kernel": "kernel alone"})
    return Goal(
        f"pairs at M: {label} / `tc.tally`, lists of codes",
        _ratio("tally-M", peer, "codes"),
        least=least,
        beside=also,
    )


def _over_kernel(name: str, label: str, most: float | None = None) -> Goal:
    return Goal(f"`tc.tally`, {label} / kernel alone", _ratio("tally-M", name, "kernel"), most=most)


GOALS = (
    _against("polars", "Polars", 12),
    _against("duckdb", "DuckDB", 40),
    _against("scipy", "SciPy", 50),
    Goal("kernel: 1 thread / all threads", _ratio("tally-M", "kernel-one", "kernel"), least=1.8),
    Goal("memory at most, with the works / the works", _memory("codes"), most=1.5, beside=_beside_memory),
    Goal("kernel alone / reading the input once", _ratio("tally-M", "kernel", "reading")),
    _over_kernel("codes", "lists of codes"),
    _over_kernel("enum", "lists of Enum"),
    _over_kernel("categorical", "lists of Categorical"),
    _over_kernel("arrow", "Arrow dictionaries"),
    _over_kernel("string", "lists of String", most=2),
    Goal(
        "sparse, 1,000,000 members, 5e6 works: Polars / `tc.tally`",
        _ratio("sparse-5e6", "polars", "codes"),
        least=5,
        beside=_beside("sparse-5e6", "polars", {"kernel": "kernel alone"}),
    ),
    Goal(
        "reading OpenAlex, MB/s: trendcore / the better of DuckDB and Polars",
        _rate("works", "duckdb", "polars"),
        least=2,
    ),
    Goal(
        "reading BACI, MB/s: trendcore / Polars' scan of the same columns", _rate("trade", "polars"), least=1
    ),
    Goal(
        "reading PatentsView, MB/s: trendcore / Polars' scan of the same columns",
        _rate("patents", "polars"),
        least=1,
    ),
    Goal(
        "1000-replicate intervals of `joint` and `salton`, all pairs at M: seconds / 30 s",
        _of_budget("test_bootstrap[percentile]", "seconds", 30.0),
        most=1,
        beside=lambda results: _words("bootstrap-M", "test_bootstrap[percentile]", "{:.1f} s", results),
    ),
    Goal(
        "the same: 1000 replicates of a Polars resampling loop / `tc.uncertainty.bootstrap`",
        _over_loop,
        least=50,
        beside=lambda results: _words("bootstrap-M", "test_polars", "{:.2f} s a replicate", results),
    ),
    Goal(
        "the same: bytes held / 4 GiB",
        _of_budget("test_memory", "peak_bytes", float(4 << 30)),
        most=1,
    ),
    _trends("hamed_rao", "corrected for autocorrelation"),
    _trends("original", "not corrected"),
    Goal(
        "update at M after 1 of 100 inputs changed, inputs by year / full update",
        _of_full_update("test_after_one_input_changed[years]"),
        most=0.1,
        beside=_each_change,
    ),
    Goal(
        "the same, inputs of works of all years, so that every cell changes / full update",
        _of_full_update("test_after_one_input_changed[mixed]"),
        most=0.1,
    ),
    Goal(
        "full update at M, intervals of all indices with it / its reading, tallying, writing and hashing",
        _over_floor,
        most=1.5,
    ),
    Goal(
        "GPU (H200): draws, sums and quantiles of intervals, its 16 cores / GPU",
        _cpu_over_gpu("test_intervals"),
        least=20,
        beside=_device,
        on_device=True,
    ),
    Goal(
        "GPU (H200): Mann-Kendall and Theil-Sen, its 16 cores / GPU",
        _cpu_over_gpu("test_trends"),
        beside=_device,
        on_device=True,
    ),
    Goal(
        "GPU (H200), data on the device: Polars on its 16 cores / kernel",
        _polars_over("test_dense_data_on_the_device"),
        least=100,
        beside=_device,
        on_device=True,
    ),
    Goal(
        "GPU (H200): kernel / (bytes read / copy bandwidth)",
        _over_bandwidth,
        most=5,
        beside=_device,
        on_device=True,
    ),
    Goal(
        "GPU (H200), from host memory: Polars on its 16 cores / kernel",
        _polars_over("test_dense_from_the_host"),
        least=10,
        beside=_device,
        on_device=True,
    ),
)
