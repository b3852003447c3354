"""Data never becomes code: nothing is unpickled or evaluated, and no shell is asked."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from support.shared import ROOT

#: modules that run what they read, or write what must be read so
MODULES = {
    "pickle", "_pickle", "cPickle", "pickletools", "dill", "cloudpickle", "jsonpickle", "marshal", "shelve",
    "joblib", "torch", "pandas", "yaml", "ruamel", "code", "codeop", "runpy",
}  # fmt: skip
#: functions that do, by their own names or those of methods; Polars unpickles functions in `deserialize`
CALLS = {
    "eval", "exec", "compile", "__import__", "unsafe_load", "full_load", "read_pickle", "to_pickle",
    "deserialize", "deserialize_pandas", "allow_pickle", "getoutput", "getstatusoutput", "popen",
    "create_subprocess_shell",
}  # fmt: skip
#: the same, where the name alone says too little
OF = {("os", "system"), ("os", "popen"), ("torch", "load"), ("yaml", "load"), ("joblib", "load")}
#: methods of harmless things that bear such a name: of regular expressions, kernels and lists of Polars
HARMLESS = {("re", "compile"), ("list", "eval"), ("arr", "eval")}


def trespasses(text: str) -> list[str]:
    """What in a source text runs data as code."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names if alias.name.split(".")[0] in MODULES]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in MODULES:
            found.append(str(node.module))
        elif isinstance(node, ast.Call):
            found += _of_call(node)
    return found


def _of_call(node: ast.Call) -> list[str]:
    name = of = ""
    if isinstance(node.func, ast.Name):
        name = node.func.id
    elif isinstance(node.func, ast.Attribute):
        name = node.func.attr
        owner = node.func.value
        of = (
            owner.id
            if isinstance(owner, ast.Name)
            else owner.attr
            if isinstance(owner, ast.Attribute)
            else "?"
        )
    found = [name] if (name in CALLS and (of, name) not in HARMLESS) or (of, name) in OF else []
    for keyword in node.keywords:
        plain_no = isinstance(keyword.value, ast.Constant) and not keyword.value.value
        if keyword.arg in ("shell", "allow_pickle") and not plain_no:
            found.append(str(keyword.arg))
    if name in ("import_module", "__import__", "find_spec"):
        named = [each.value for each in node.args if isinstance(each, ast.Constant)]
        found += [each for each in named if isinstance(each, str) and each.split(".")[0] in MODULES]
    return found


FILES = [
    path
    for folder in ("trendcore", "kernels/trendcore_kernels", "benchmarks")
    for path in sorted((ROOT / folder).rglob("*.py"))
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_data_becomes_code(path: Path) -> None:
    assert trespasses(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "import pickle",
        "import a, dill as b",
        "from marshal import loads",
        "from pandas import read_pickle",
        "import yaml.loader",
        "import torch.serialization",
        "importlib.import_module('joblib')",
        "__import__(name)",
        "numpy.load(path, allow_pickle=True)",
        "numpy.load(path, allow_pickle=flag)",
        "frame.to_pickle(path)",
        "pl.Expr.deserialize(data)",
        "pl.LazyFrame.deserialize(data)",
        "pa.deserialize(data)",
        "eval(text)",
        "builtins.exec(text)",
        "compile(text, 'a', 'eval')",
        "frame.eval(text)",
        "os.system(text)",
        "os.popen(text)",
        "subprocess.run(text, shell=True)",
        "Popen(text, shell=flag)",
        "subprocess.getoutput(text)",
    ],
)
def test_what_does_is_found(text: str) -> None:
    assert trespasses(text)


@pytest.mark.parametrize(
    "text",
    [
        "re.compile(text)",
        "pl.col(name).list.eval(pl.element())",
        "numpy.load(path, allow_pickle=False)",
        "subprocess.run([a], shell=False)",
        "json.loads(text)",
        "tomllib.load(file)",
        "import code_table",
        "import_module('trendcore.sources.baci')",
    ],
)
def test_what_does_not_is_let_be(text: str) -> None:
    assert trespasses(text) == []
