"""`heliograph completion SHELL`, in the shells themselves."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from heliograph.cli import main
from heliograph.cli._parser import SHELLS

# The line typed so far, and some of what may come, and something that may not.
TYPED = [
    (["dr"], {"draw"}, "serve"),
    (["draw", "--fo"], {"--format"}, "--force"),
    (["draw", "--format", ""], {"png", "webp", "jpeg"}, "draw"),
    (["keys", "re"], {"revoke"}, "create"),
    (["serve", "--log-level", ""], {"debug", "info", "warning", "error"}, "json"),
    (["check", "--no"], {"--no-images"}, "--model"),
    (["completion", ""], set(SHELLS), "draw"),
    (["migrate", "--d"], {"--dry-run"}, "--json"),
    (["config", "check", "heliograph.to"], {"heliograph.toml"}, "folder"),
]
lines = pytest.mark.parametrize(("words", "some", "never"), TYPED)

# Bash calls a completion's function with the line in COMP_WORDS.
BASH = """
source "$1"; shift
function=$(complete -p heliograph | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
COMP_WORDS=(heliograph "$@"); COMP_CWORD=$#; COMPREPLY=()
"$function"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A folder with each shell's script, and a file to be completed."""
    for shell in SHELLS:
        assert main(["completion", shell]) == 0
        (tmp_path / f"script.{shell}").write_text(capsys.readouterr().out)
    (tmp_path / "heliograph.toml").touch()
    (tmp_path / "folder").mkdir()
    return tmp_path


def run(folder: Path, *command: str) -> set[str]:
    """The lines that a shell says, each without what stands after a tab."""
    ran = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=30, env={"HOME": str(folder)}
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    return {line.partition("\t")[0] for line in ran.stdout.splitlines()}


@lines
def test_bash_completes(folder: Path, words: list[str], some: set[str], never: str) -> None:
    bash = shutil.which("bash")
    assert bash is not None
    said = run(folder, bash, "--norc", "-c", BASH, "bash", "script.bash", *words)
    assert some <= said
    assert never not in said


@pytest.mark.shells
@lines
def test_fish_completes(folder: Path, words: list[str], some: set[str], never: str) -> None:
    fish = shutil.which("fish")
    assert fish is not None
    line = " ".join(["heliograph", *words])
    said = run(folder, fish, "-c", 'source script.fish; complete -C "$argv"', line)
    assert some <= said
    assert never not in said


@pytest.mark.shells
def test_zsh_takes_its_script(folder: Path) -> None:
    zsh = shutil.which("zsh")
    assert zsh is not None
    assert run(folder, zsh, "-f", "-n", "script.zsh") == set()
    told = 'autoload -Uz compinit; compinit -u; eval "$(<script.zsh)"; print $_comps[heliograph]'
    assert run(folder, zsh, "-f", "-c", told) == {"_shtab_heliograph"}


def test_an_unknown_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["completion", "csh"])
    assert stop.value.code == 2
    assert "bash" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("absent", "argv", "line"),
    [
        ("shtab", ["completion", "bash"], "completion needs an extra"),
        ("jsonschema_rs", ["check", "http://127.0.0.1:9/v1"], "check URL needs an extra"),
        ("starlette", ["check", "http://127.0.0.1:9/v1"], "check URL needs an extra"),
        ("starlette", ["serve"], "serve needs an extra"),
    ],
)
def test_an_absent_extra_is_said_in_one_line(absent: str, argv: list[str], line: str) -> None:
    without = f"import sys; sys.modules[{absent!r}] = None; from heliograph.cli import main; "
    code = f"{without}sys.exit(main({argv!r}))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert ran.returncode == 2
    assert line in ran.stderr
    assert "pip install 'heliograph[" in ran.stderr
    assert ran.stderr.count("\n") == 1


def test_the_version_needs_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from heliograph.cli import main\n"
        "try: main(['--version'])\n"
        "except SystemExit: pass\n"
        "heavy = {'asyncio', 'httpx2', 'msgspec', 'starlette', 'heliograph.models', 'shtab'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30)
    assert ran.returncode == 0, ran.stderr
