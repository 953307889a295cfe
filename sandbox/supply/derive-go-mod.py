#!/usr/bin/env python3
"""Derives go.mod and go.sum of the supply from those of the control-plane binary.

    python3 derive-go-mod.py

Every module that the control-plane binary is built from is held at exactly its version there, by a replacement, so that
Go's build cache serves both: what is compiled for one is not compiled again for the other. What the supply adds is
below. The commands are tools of the module (go.mod, directive `tool`), because a command cannot be imported.
"""

import json
import pathlib
import re
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
CONTROL_PLANE = HERE.parent / "control-plane"

# Beside what the control-plane binary pins.
ADDED = {
    "github.com/containernetworking/plugins": "v1.9.1",
    "github.com/coredns/coredns": "v1.14.2",
    "github.com/flannel-io/flannel": "v0.28.10",
    "sigs.k8s.io/cri-tools": "v1.36.0",
    "sigs.k8s.io/metrics-server": "v0.9.0",
}
# Of the same release as etcd's server.
ETCD = ["go.etcd.io/etcd/etcdctl/v3", "go.etcd.io/etcd/etcdutl/v3"]


def pins(go_mod: str) -> dict[str, str]:
    """Returns the version of every module that a go.mod requires, direct or not, after its own replacements."""
    required = dict(re.findall(r"^\s+(\S+) (v\S+)(?: // indirect)?$", go_mod, re.M))
    replaced = dict(re.findall(r"^\s+(\S+) => \S+ (v\S+)$", go_mod, re.M))
    return {**required, **replaced}


def render(pinned: dict[str, str], go_version: str, commands: list[str]) -> str:
    """Returns the text of go.mod before `go mod tidy`."""
    added = {**ADDED, **{name: pinned["go.etcd.io/etcd/server/v3"] for name in ETCD}}
    required = {**{name: pinned[name] for name in ("k8s.io/kubernetes", "go.etcd.io/etcd/server/v3")}, **added}
    lines = [
        "// Written by derive-go-mod.py: do not edit, run it again.",
        "module platform/sandbox/supply\n",
        f"go {go_version}\n",
        "tool (",
        *(f"\t{command}" for command in sorted(commands)),
        ")\n",
        "require (",
        *(f"\t{name} {version}" for name, version in sorted(required.items())),
        ")\n",
        "replace (",
        *(f"\t{name} => {name} {version}" for name, version in sorted(pinned.items())),
        ")\n",
    ]
    return "\n".join(lines)


def main() -> None:
    go_mod = (CONTROL_PLANE / "go.mod").read_text()
    go_version = re.search(r"^go (\S+)", go_mod, re.M).group(1)
    programs = json.loads((HERE / "supply.json").read_text())["programs"]
    commands = [
        program["package"]
        for program in programs
        if not program["package"].startswith("./") and "module" not in program
    ]
    (HERE / "go.mod").write_text(render(pins(go_mod), go_version, commands))
    # `go mod tidy` only adds lines to go.sum: a fresh one holds nothing of a former version.
    (HERE / "go.sum").unlink(missing_ok=True)
    # -e: backends of flannel that are never built (patches in supply.json) need modules that not every proxy has.
    subprocess.run(["go", "mod", "tidy", "-e"], cwd=HERE, check=True)


if __name__ == "__main__":
    main()
