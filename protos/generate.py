"""Generates src/rolecall/api from the protos beside this file; `--check` only says whether it is current.

The protos' package is the Python package, so the generated imports hold as they are.
"""

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

PROTOS = Path(__file__).parent
SRC = PROTOS.parent / "src"
API = Path("rolecall/api")
PACKAGES = {
    API / "__init__.py": '"""Generated from protos/ by `make proto`; never edited by hand."""\n',
    API / "v1/__init__.py": '"""The messages and services of `rolecall.api.v1`."""\n',
}


def generate(root: Path) -> dict[Path, bytes]:
    """What the protos generate, by path under the source root; `root` is an empty directory to work in."""
    protos = sorted(str(proto.relative_to(PROTOS)) for proto in PROTOS.rglob("*.proto"))
    if not protos:
        sys.exit(f"no protos under `{PROTOS}`")
    outputs = [f"--{kind}_out={root}" for kind in ("python", "pyi", "grpc_python")]
    compiled = subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", f"--proto_path={PROTOS}", *outputs, *protos], check=False
    )
    if compiled.returncode:
        sys.exit(compiled.returncode)
    files = {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
    return files | {path: text.encode() for path, text in PACKAGES.items()}


def committed() -> dict[Path, bytes]:
    """What lies under src/rolecall/api now."""
    return {
        path.relative_to(SRC): path.read_bytes()
        for path in (SRC / API).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def write(files: dict[Path, bytes]) -> None:
    """Make src/rolecall/api hold these files and no others."""
    for stale in committed().keys() - files.keys():
        (SRC / stale).unlink()
    for path, content in files.items():
        (SRC / path).parent.mkdir(parents=True, exist_ok=True)
        (SRC / path).write_bytes(content)


def main() -> None:
    """Generate, or with `--check` end with 1 and the names of the files that are not current."""
    with TemporaryDirectory() as root:
        files = generate(Path(root))
    if "--check" not in sys.argv[1:]:
        write(files)
        return
    now = committed()
    differing = sorted(path for path in now.keys() | files.keys() if now.get(path) != files.get(path))
    if differing:
        names = "\n".join(f"  src/{path}" for path in differing)
        sys.exit(f"not what the protos generate (run `make proto`):\n{names}")


if __name__ == "__main__":
    main()
