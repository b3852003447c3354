"""Examples of other schedulers and the commands of the guide, checked by their own parsers, and run."""

from __future__ import annotations

import re
import runpy
import shlex
import shutil
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import typer
import yaml
from support.shared import ROOT
from support.workspaces import qis, write_works

import trendcore as tc
from trendcore.cli.app import app
from trendcore.cli.guard import EXIT_CODES
from trendcore.runs.metrics import _FAMILIES
from trendcore.runs.record import OUTCOMES, RunRecord
from trendcore.schedule import Cron

EXAMPLES = ROOT / "docs" / "examples"
GUIDE = (ROOT / "docs" / "scheduling.md").read_text()
COMMANDS: Any = typer.main.get_command(app)
RETRIED, FINAL = {5, 6}, {1, 2, 3, 4, 7}


def accepts(words: list[str]) -> dict[str, Any]:
    """Parse the arguments of a trendcore command as the command line does."""
    name, *arguments = words
    command = COMMANDS.commands[name]
    parsed: dict[str, Any] = command.make_context(name, arguments, resilient_parsing=False).params
    return parsed


def units(name: str) -> dict[str, list[tuple[str, str]]]:
    """Sections of a unit; every line is a comment, a section or a setting of one."""
    sections: dict[str, list[tuple[str, str]]] = {}
    own: list[tuple[str, str]] | None = None
    for line in (EXAMPLES / name).read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        if found := re.fullmatch(r"\[(\w+)\]", line):
            own = sections.setdefault(found[1], [])
            continue
        key, sign, value = line.partition("=")
        assert own is not None, line
        assert sign, line
        assert re.fullmatch(r"[A-Z]\w+", key), line
        own.append((key, value))
    return sections


def test_the_service_calls_a_command_that_there_is_and_maps_exit_codes() -> None:
    service = dict(units("trendcore.service")["Service"])
    program, *words = shlex.split(service["ExecStart"])
    assert program == "/opt/trendcore/bin/trendcore"
    asked = accepts(words)
    state = "/var/lib/" + service["StateDirectory"]
    assert str(asked["workspace"]).startswith(state)
    assert str(asked["summary"]).startswith(state)
    assert str(asked["metrics"].parent) == service["ReadWritePaths"]  # all else is read-only
    assert {int(code) for code in service["RestartPreventExitStatus"].split()} == FINAL
    assert service["SuccessExitStatus"] == "143"
    for name in ("NoNewPrivileges", "ProtectHome", "PrivateTmp", "RestrictSUIDSGID"):
        assert service[name] == "yes"
    assert service["ProtectSystem"] == "strict"
    assert service["CapabilityBoundingSet"] == ""


def test_the_timer_is_due_when_the_other_examples_are() -> None:
    timer = dict(units("trendcore.timer")["Timer"])
    assert timer["OnCalendar"] == "Mon *-*-* 03:00:00 UTC"
    assert timer["Persistent"] == "true"
    assert ("WantedBy", "timers.target") in units("trendcore.timer")["Install"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
def test_systemd_takes_the_units(tmp_path: Path) -> None:
    for name in ("trendcore.service", "trendcore.timer"):
        text = (EXAMPLES / name).read_text().replace("/opt/trendcore/bin/trendcore", sys.executable)
        (tmp_path / name).write_text(text)

    def analyze(*words: str) -> str:
        done = subprocess.run(
            ["systemd-analyze", *words], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    said = analyze(
        "verify", "--man=no", str(tmp_path / "trendcore.service"), str(tmp_path / "trendcore.timer")
    )
    assert not [line for line in said.splitlines() if "trendcore" in line], said
    calendar = dict(units("trendcore.timer")["Timer"])["OnCalendar"]
    assert "Next elapse" in analyze("calendar", calendar)


def entries() -> Iterator[tuple[str, str]]:
    """Entries of the crontab: expression and command; other lines are comments and variables."""
    for line in (EXAMPLES / "crontab").read_text().splitlines():
        if not line or line.startswith("#") or re.fullmatch(r"[A-Z_]+=\S*", line):
            continue
        *fields, command = line.split(None, 5)
        yield " ".join(fields), command


def test_the_crontab_calls_a_command_that_there_is() -> None:
    ((expression, command),) = entries()
    assert Cron(expression).expression == "0 3 * * 1"
    assert "%" not in command  # to cron the end of a line
    call, sign, log = command.partition(" 2>>")
    assert sign
    assert log.startswith("/")
    program, *words = shlex.split(call)
    assert program == "/opt/trendcore/bin/trendcore"
    assert accepts(words)["log_format"] == "json"


@pytest.mark.skipif(shutil.which("crontab") is None, reason="no crontab here")
def test_cron_takes_the_crontab(tmp_path: Path) -> None:
    def check(flag: str, path: Path) -> subprocess.CompletedProcess[str]:
        words = ["crontab", flag, str(path)]
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)

    wrong = tmp_path / "wrong"
    wrong.write_text("61 * * * * true\n")
    # cronie's flag and Debian's: they read the file and leave everybody's table as it is
    flags = [flag for flag in ("-T", "-n") if "invalid option" not in check(flag, wrong).stderr]
    if not flags:
        pytest.skip("this crontab installs whatever it reads")
    done = check(flags[0], EXAMPLES / "crontab")
    assert done.returncode == 0, done.stderr
    assert check(flags[0], wrong).returncode != 0


def cronjob() -> tuple[dict[str, Any], dict[str, Any]]:
    claim, job = yaml.safe_load_all((EXAMPLES / "cronjob.yaml").read_text())
    return claim, job


def test_the_cronjob_runs_alone_unprivileged_and_within_limits() -> None:
    claim, job = cronjob()
    assert (claim["kind"], job["apiVersion"], job["kind"]) == ("PersistentVolumeClaim", "batch/v1", "CronJob")
    spec = job["spec"]
    assert Cron(spec["schedule"], spec["timeZone"]).expression == "0 3 * * 1"
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["startingDeadlineSeconds"] > 0
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["restartPolicy"] == "Never"  # podFailurePolicy asks for it
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert set(container["resources"]) == {"requests", "limits"}
    mounts = {each["name"]: each["mountPath"] for each in container["volumeMounts"]}
    assert set(mounts) == {each["name"] for each in pod["volumes"]}
    claimed = {each.get("persistentVolumeClaim", {}).get("claimName") for each in pod["volumes"]}
    assert claim["metadata"]["name"] in claimed
    asked = accepts(container["args"])
    assert container["command"] == ["trendcore"]
    for path in (asked["workspace"], asked["summary"]):
        assert str(path).startswith(mounts["workspace"] + "/")


def test_the_cronjob_tries_again_only_what_may_pass() -> None:
    rules = cronjob()[1]["spec"]["jobTemplate"]["spec"]["podFailurePolicy"]["rules"]
    (final,) = [rule["onExitCodes"] for rule in rules if rule["action"] == "FailJob"]
    assert (final["operator"], set(final["values"])) == ("In", FINAL)


def test_the_cronjob_fits_kubernetes_schema() -> None:
    for document in cronjob():
        kubernetes_validate.validate(document, kubernetes_validate.latest_version(), strict=True)


class DoneError(Exception):
    """Raised by stand-ins of orchestrators: may be tried again unless told otherwise."""

    def __init__(self, *words: object, **more: Any) -> None:
        super().__init__(*words)
        self.more = more


class FinalError(DoneError):
    """Not tried again."""


class Declared:
    """Records what a module declares; every name is a function, and a decorator if given nothing else."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.functions: dict[str, Callable[..., Any]] = {}

    def decorator(self, name: str, *, call: bool) -> Callable[..., Any]:
        def with_arguments(**arguments: Any) -> Callable[..., Any]:
            self.calls.append((name, arguments))

            def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
                self.functions[name] = function
                return function if call else lambda: None

            return wrap

        return with_arguments

    def record(self, name: str) -> Callable[..., dict[str, Any]]:
        def take(*words: Any, **arguments: Any) -> dict[str, Any]:
            self.calls.append((name, {"words": words, **arguments}))
            return arguments

        return take


def airflow(monkeypatch: pytest.MonkeyPatch) -> tuple[Declared, Callable[[], Any]]:
    """Load the DAG on a stand-in; returns what it declares and the task's function."""
    declared = Declared()
    sdk, exceptions = types.ModuleType("airflow.sdk"), types.ModuleType("airflow.exceptions")
    sdk.dag = declared.decorator("dag", call=True)  # type: ignore[attr-defined]
    sdk.task = declared.decorator("task", call=False)  # type: ignore[attr-defined]
    exceptions.AirflowException = DoneError  # type: ignore[attr-defined]
    exceptions.AirflowFailException = FinalError  # type: ignore[attr-defined]
    for module in (types.ModuleType("airflow"), sdk, exceptions):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    runpy.run_path(str(EXAMPLES / "airflow_dag.py"))
    return declared, declared.functions["task"]


def dagster(monkeypatch: pytest.MonkeyPatch) -> tuple[Declared, Callable[[], Any]]:
    """Load the asset on a stand-in; returns what it declares and the asset's function."""
    declared, module = Declared(), types.ModuleType("dagster")
    known = {
        "asset": declared.decorator("asset", call=True),
        "Failure": lambda **more: (DoneError if more["allow_retries"] else FinalError)(
            more["description"], **more
        ),
        "Backoff": types.SimpleNamespace(EXPONENTIAL="exponential"),
    } | {
        name: declared.record(name)
        for name in (
            "RetryPolicy",
            "MaterializeResult",
            "ScheduleDefinition",
            "define_asset_job",
            "Definitions",
        )
    }
    for name, value in known.items():
        setattr(module, name, value)
    monkeypatch.setitem(sys.modules, "dagster", module)
    runpy.run_path(str(EXAMPLES / "dagster_asset.py"))
    return declared, declared.functions["asset"]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a `trendcore` of some Python code first on the path."""
    if sys.platform == "win32":
        pytest.skip("scripts of POSIX")

    def install(code: str) -> None:
        script = tmp_path / "bin" / "trendcore"
        script.parent.mkdir(exist_ok=True)
        script.write_text(f"#!{sys.executable}\n{code}\n")
        script.chmod(0o755)
        monkeypatch.setenv("PATH", str(script.parent), prepend=":")

    return install


ENDS = """import sys, json
words = sys.argv[1:]
open(words[words.index("--summary") + 1], "w").write(json.dumps({{"error": "why", "outcome": "x"}}))
sys.exit({code})"""


@pytest.mark.parametrize("load", [airflow, dagster])
@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 6, 7])
def test_orchestrators_try_again_only_what_may_pass(
    load: Any, code: int, command: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, update = load(monkeypatch)
    command(ENDS.format(code=code))
    with pytest.raises(DoneError, match=f"exit code {code}: why") as raised:
        update()
    assert isinstance(raised.value, FinalError) == (code not in RETRIED)


@pytest.mark.parametrize("load", [airflow, dagster])
def test_orchestrators_hand_on_the_record_of_a_real_update(
    load: Any, command: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = write_works(tmp_path / "a.jsonl", *[qis(number, "JP", "US") for number in range(3)])
    tc.Workspace(tmp_path / "ws").ingest("openalex", path)
    _, update = load(monkeypatch)
    update.__globals__["WORKSPACE"] = str(tmp_path / "ws")
    command("from trendcore.cli import main; main()")
    found = update()
    found = found.get("metadata", found)
    assert (found["outcome"], found["release"]) == ("published", 1)
    assert found["rows"]["pairs"] > 0


def test_orchestrators_declare_one_run_at_a_time_on_the_same_schedule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    declared = airflow(monkeypatch)[0].calls
    of_dag, of_task = dict(declared)["dag"], dict(declared)["task"]
    assert (of_dag["schedule"], of_dag["catchup"], of_dag["max_active_runs"]) == ("0 3 * * 1", False, 1)
    assert of_task["retries"] == 3
    assets = dict(dagster(monkeypatch)[0].calls)
    assert assets["ScheduleDefinition"]["cron_schedule"] == "0 3 * * 1"
    assert assets["ScheduleDefinition"]["execution_timezone"] == "UTC"
    assert assets["RetryPolicy"]["max_retries"] == 3
    assert len(assets["Definitions"]["assets"]) == len(assets["Definitions"]["schedules"]) == 1


def told(kind: str) -> list[str]:
    """Blocks of code of a kind in the guide."""
    return re.findall(rf"```{kind}\n(.*?)```", GUIDE, flags=re.DOTALL)


def test_every_command_of_the_guide_is_one_and_every_schedule_due() -> None:
    lines = [line for block in told("sh") for line in block.splitlines() if line.startswith("trendcore ")]
    assert len(lines) == 4
    for line in lines:
        asked = accepts(shlex.split(line)[1:])
        if "cron" in asked:
            assert Cron(asked["cron"], asked["timezone"])


def test_the_guide_lists_every_metric_field_outcome_and_exit_code() -> None:
    assert re.findall(r"^\| `(trendcore_\w+)` \| (\w+)", GUIDE, flags=re.MULTILINE) == [
        (name, kind) for name, (kind, _) in _FAMILIES.items()
    ]
    record = GUIDE.partition("## The record of a run")[2].partition("## Logs")[0]
    assert set(RunRecord.__struct_fields__) <= set(re.findall(r"`(\w+)`", record))
    table = GUIDE.partition("## Exit codes")[2].partition("## The record")[0]
    listed = {
        int(code)
        for row in re.findall(r"^\| (\d[\d, ]*) \|", table, flags=re.MULTILINE)
        for code in row.split(",")
    }
    assert listed == {int(code) for code in re.findall(r"\b\d+\b", EXIT_CODES)}
    outcomes = re.findall(r"^\| \d[\d, ]* \| ([\w, ]+) \|", table, flags=re.MULTILINE)
    assert {name for cell in outcomes for name in cell.split(", ")} == set(OUTCOMES)


def test_the_alerts_of_the_guide_ask_for_metrics_that_there_are() -> None:
    (block,) = told("yaml")
    rules = [rule for group in yaml.safe_load(block)["groups"] for rule in group["rules"]]
    assert len(rules) == 2
    for rule in rules:
        asked = set(re.findall(r"trendcore_\w+", rule["expr"]))
        assert asked
        assert asked <= set(_FAMILIES)


def test_every_example_is_named_in_the_guide() -> None:
    assert {path.name for path in EXAMPLES.iterdir() if path.is_file()} == set(
        re.findall(r"\(examples/([\w.]+)\)", GUIDE)
    )
