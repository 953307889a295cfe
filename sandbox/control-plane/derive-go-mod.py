#!/usr/bin/env python3
"""Derives go.mod, go.sum and build.json of the control-plane binary from a Kubernetes version.

    python3 derive-go-mod.py v1.36.3 --kwok v0.8.0

Kubernetes requires its own staging modules (k8s.io/api and so on) at v0.0.0 and replaces
them by folders of its repository. A module outside that repository must therefore replace
each of them by its published twin: v1.36.3 of k8s.io/kubernetes is v0.36.3 of the others.
etcd comes at the version that Kubernetes itself requires.
"""

import argparse
import json
import pathlib
import re
import subprocess

HERE = pathlib.Path(__file__).resolve().parent


def download(module: str, version: str) -> dict:
    """Returns what `go mod download` says about one module; raises when it is unknown."""
    # Outside HERE: a broken go.mod there must not stop the script that repairs it.
    answer = subprocess.run(
        ["go", "mod", "download", "-json", f"{module}@{version}"],
        cwd=HERE.anchor, check=True, capture_output=True, text=True,
    )
    return json.loads(answer.stdout)


def staging_modules(kubernetes_go_mod: str) -> list[str]:
    """Returns the modules that Kubernetes takes from its staging folder, sorted."""
    replaced = re.findall(r"^\s*(?:replace\s+)?(k8s\.io/\S+)\s+=>\s+\./staging/", kubernetes_go_mod, re.M)
    required = re.findall(r"^\s*(?:require\s+)?(k8s\.io/\S+)\s+v0\.0\.0(?=\s)", kubernetes_go_mod, re.M)
    return sorted(set(replaced) | set(required))


def required_version(go_mod: str, module: str) -> str:
    """Returns the version of `module` that `go_mod` requires."""
    match = re.search(rf"^\s*(?:require\s+)?{re.escape(module)}\s+(v\S+)", go_mod, re.M)
    if match is None:
        raise SystemExit(f"Kubernetes' go.mod does not require {module}")
    return match.group(1)


def render(kubernetes: str, etcd: str, kwok: str, kubernetes_go_mod: str) -> str:
    """Returns the text of go.mod before `go mod tidy`."""
    modules = staging_modules(kubernetes_go_mod)
    if not modules:
        raise SystemExit(f"no staging modules found in go.mod of Kubernetes {kubernetes}: its layout has changed")
    go_version = re.search(r"^go (\S+)", kubernetes_go_mod, re.M).group(1)
    published = "v0." + kubernetes.removeprefix("v1.")
    replacements = "\n".join(f"\t{name} => {name} {published}" for name in modules)
    return (
        "// Written by derive-go-mod.py: do not edit, run it again.\n"
        "module platform/sandbox/control-plane\n\n"
        f"go {go_version}\n\n"
        "require (\n"
        f"\tgo.etcd.io/etcd/server/v3 {etcd}\n"
        f"\tk8s.io/kubernetes {kubernetes}\n"
        f"\tsigs.k8s.io/kwok {kwok}\n"
        ")\n\n"
        f"replace (\n{replacements}\n)\n"
    )


def build_description(kubernetes: str, etcd: str, kwok: str) -> dict:
    """Returns the versions inside the binary and what `go build` must be told to make it."""
    variables = {
        "k8s.io/component-base/version.gitVersion": kubernetes,
        "k8s.io/component-base/version.gitMajor": "1",
        "k8s.io/component-base/version.gitMinor": kubernetes.split(".")[1],
        "k8s.io/component-base/version.gitTreeState": "archive",
        # A published module does not say which commit it was made from.
        "k8s.io/component-base/version.gitCommit": "unknown",
    }
    linker = " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in variables.items())])
    return {
        "kubernetes": kubernetes.removeprefix("v"),
        "etcd": etcd.removeprefix("v"),
        "kwok": kwok.removeprefix("v"),
        # GOWORK: a workspace above the checkout must not take part in the build.
        "environment": {"CGO_ENABLED": "0", "GOWORK": "off"},
        "arguments": ["-trimpath", "-buildvcs=false", "-ldflags", linker],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kubernetes", help="for instance v1.36.3")
    parser.add_argument("--kwok", required=True, help="a kwok release built on the same Kubernetes minor, for instance v0.8.0")
    arguments = parser.parse_args()
    if re.fullmatch(r"v1\.\d+\.\d+", arguments.kubernetes) is None:
        raise SystemExit(f"{arguments.kubernetes} is not a release such as v1.36.3")
    go_mod = pathlib.Path(download("k8s.io/kubernetes", arguments.kubernetes)["GoMod"]).read_text()
    etcd = required_version(go_mod, "go.etcd.io/etcd/client/v3")
    (HERE / "go.mod").write_text(render(arguments.kubernetes, etcd, arguments.kwok, go_mod))
    description = build_description(arguments.kubernetes, etcd, arguments.kwok)
    (HERE / "build.json").write_text(json.dumps(description, indent=2) + "\n")
    # `go mod tidy` only adds lines to go.sum: a fresh one holds nothing of the former version.
    (HERE / "go.sum").unlink(missing_ok=True)
    subprocess.run(["go", "mod", "tidy"], cwd=HERE, check=True)


if __name__ == "__main__":
    main()
