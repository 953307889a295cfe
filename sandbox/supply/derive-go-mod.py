#!/usr/bin/env python3
"""Derives go.mod and go.sum of the supply from those of the control-plane binary.

    python3 derive-go-mod.py

Kubernetes' own programs are built from the very requirements of the control-plane binary (folder kubernetes), so that
Go's build cache serves both: what is compiled for one is not compiled again for the other. Go writes the version that is
required into what it compiles, not the one that replaces it: a replacement alone would not do.

In the module of all others each of those modules is held at its version by a replacement. What the supply adds is below. The commands are tools of the module (go.mod, directive `tool`), because a command cannot be imported.
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
SERVER = "go.etcd.io/etcd/server/v3"
# A module of their own: they and crictl need two versions of a library that do not fit together.
ETCD_TOOLS = ["go.etcd.io/etcd/etcdctl/v3", "go.etcd.io/etcd/etcdutl/v3"]


def pins(go_mod: str) -> dict[str, str]:
    """Returns the version of every module that a go.mod requires, direct or not, after its own replacements."""
    required = dict(re.findall(r"^\s+(\S+) (v\S+)(?: // indirect)?$", go_mod, re.M))
    replaced = dict(re.findall(r"^\s+(\S+) => \S+ (v\S+)$", go_mod, re.M))
    return {**required, **replaced}


def render(name: str, go_version: str, tools: list[str], required: dict[str, str], pinned: dict[str, str]) -> str:
    """Returns the text of go.mod before `go mod tidy`."""
    lines = [
        "// Written by derive-go-mod.py: do not edit, run it again.",
        f"module platform/sandbox/{name}\n",
        f"go {go_version}\n",
        "tool (",
        *(f"\t{tool}" for tool in sorted(tools)),
        ")\n",
        "require (",
        *(f"\t{name} {version}" for name, version in sorted(required.items())),
        ")\n",
        "replace (",
        *(f"\t{name} => {name} {version}" for name, version in sorted(pinned.items())),
        ")\n",
    ]
    return "\n".join(lines)


def kubernetes_module(go_mod: str, programs: list[str]) -> str:
    """Returns the control-plane binary's go.mod with Kubernetes' programs as tools."""
    renamed = re.sub(r"^module .*$", "module platform/sandbox/supply/kubernetes", go_mod, count=1, flags=re.M)
    return "\n".join([renamed, "tool (", *(f"\t{program}" for program in sorted(programs)), ")", ""])


def write_module(folder: pathlib.Path, text: str) -> None:
    """Writes go.mod and a fresh go.sum: `go mod tidy` only adds lines, and a former one holds former versions."""
    folder.mkdir(exist_ok=True)
    (folder / "go.mod").write_text(text)
    (folder / "go.sum").unlink(missing_ok=True)
    # -e: backends of flannel that are never built (patches in supply.json) need modules that not every proxy has.
    subprocess.run(["go", "mod", "tidy", "-e"], cwd=folder, check=True)


def main() -> None:
    go_mod = (CONTROL_PLANE / "go.mod").read_text()
    go_version = re.search(r"^go (\S+)", go_mod, re.M).group(1)
    pinned = pins(go_mod)
    # What others require of etcd is newer, and does not fit the server's own modules.
    etcd = {name: pinned[SERVER] for name in ETCD_TOOLS}
    programs = json.loads((HERE / "supply.json").read_text())["programs"]
    tools = [
        program["package"]
        for program in programs
        if not program["package"].startswith("./") and "module" not in program
    ]
    required = {**ADDED, SERVER: pinned[SERVER]}
    kubernetes = [
        program["package"]
        for program in programs
        if program.get("module") == "kubernetes" and not program["package"].startswith("./")
    ]
    write_module(HERE / "kubernetes", kubernetes_module(go_mod, kubernetes))
    write_module(HERE, render("supply", go_version, tools, required, pinned))
    write_module(
        HERE / "etcd-tools",
        render("supply/etcd-tools", go_version, ETCD_TOOLS, etcd, {**pinned, **etcd}),
    )


if __name__ == "__main__":
    main()
