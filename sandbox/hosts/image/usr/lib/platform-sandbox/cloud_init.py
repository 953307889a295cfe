"""Stands for cloud-init on a host of the sandbox: what an instance is told at its first boot, and how far that is.

Reads the seed that the sandbox laid into /var/lib/cloud/seed, as the datasource of EC2 would be read. Exit codes and the
JSON of `status` are those of cloud-init (doc/rtd/reference/cli.rst and explanation/return_codes.rst). Of cloud-config it
knows a few keys; every other is named as a recoverable error, never passed over in silence.
"""

from __future__ import annotations

import email.utils
import json
import pwd
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

SEED = Path("/var/lib/cloud/seed/platform.json")
STATUS = Path("/run/cloud-init/status.json")
INSTANCES = Path("/var/lib/cloud/instances")
KEYS = Path("/etc/ssh")
KNOWN = {
    "hostname", "fqdn", "preserve_hostname", "manage_etc_hosts", "ssh_authorized_keys", "write_files", "bootcmd", "runcmd",
}  # fmt: skip


def _seed() -> dict[str, Any]:
    seed: dict[str, Any] = json.loads(SEED.read_text(encoding="utf-8"))
    return seed


def _folder(seed: dict[str, Any]) -> Path:
    """The instance's own folder; another instance id is another first boot."""
    folder = INSTANCES / str(seed["instance"])
    (folder / "sem").mkdir(parents=True, exist_ok=True)
    link = INSTANCES.parent / "instance"
    if not link.is_symlink() or link.readlink() != folder:
        link.unlink(missing_ok=True)
        link.symlink_to(folder)
    return folder


def _write(path: Path, text: str, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.chmod(mode)
    part.replace(path)


def _tell(status: str, warnings: list[str], errors: list[str]) -> None:
    extended = f"degraded {status}" if warnings and status == "done" else status
    _write(
        STATUS,
        json.dumps(
            {
                "boot_status_code": "enabled-by-generator",
                "datasource": "ec2",
                "detail": "DataSourceEc2Local",
                "errors": errors,
                "extended_status": extended,
                "last_update": email.utils.formatdate(),
                "recoverable_errors": {"WARNING": warnings} if warnings else {},
                "status": status,
            },
            indent=1,
        )
        + "\n",
    )


def _configuration(seed: dict[str, Any]) -> dict[str, Any]:
    text = str(seed.get("userData") or "")
    if not text.startswith("#cloud-config"):
        return {}
    import yaml

    loaded = yaml.safe_load(text)
    return loaded if isinstance(loaded, dict) else {}


def _set_hostname(seed: dict[str, Any], configuration: dict[str, Any]) -> None:
    name = str(configuration.get("hostname") or str(configuration.get("fqdn") or "").split(".")[0] or seed["hostname"])
    _write(Path("/etc/hostname"), f"{name}\n")
    subprocess.run(["hostname", name], check=True)
    own = "127.0.1.1" if configuration.get("manage_etc_hosts") in (True, "localhost", "template") else None
    _write(Path("/etc/hosts"), f"127.0.0.1 localhost\n{f'{own} {name}' if own else ''}\n")


def _make_user(seed: dict[str, Any], keys: list[str]) -> None:
    user = str(seed["user"])
    try:
        pwd.getpwnam(user)
    except KeyError:
        subprocess.run(["useradd", "--create-home", "--shell", "/bin/bash", user], check=True)
    entry = pwd.getpwnam(user)
    folder = Path(entry.pw_dir) / ".ssh"
    folder.mkdir(mode=0o700, exist_ok=True)
    _write(folder / "authorized_keys", "".join(f"{key}\n" for key in keys), 0o600)
    for path in (folder, folder / "authorized_keys"):
        subprocess.run(["chown", f"{entry.pw_uid}:{entry.pw_gid}", str(path)], check=True)
    _write(Path("/etc/sudoers.d/90-cloud-init-users"), f"{user} ALL=(ALL) NOPASSWD:ALL\n", 0o440)


def _make_host_keys() -> None:
    for kind in ("ed25519", "ecdsa"):
        path = KEYS / f"ssh_host_{kind}_key"
        if not path.exists():
            subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", str(path)], check=True)


def _print_host_keys() -> None:
    """The block of cloud-init's `keys-to-console`, on the console of the instance."""
    lines = ["-----BEGIN SSH HOST KEY KEYS-----"]
    lines += [path.read_text(encoding="utf-8").strip() for path in sorted(KEYS.glob("ssh_host_*_key.pub"))]
    text = "\n".join([*lines, "-----END SSH HOST KEY KEYS-----", ""])
    with Path("/dev/console").open("a", encoding="utf-8") as console:
        console.write(text)


def _boot() -> None:
    """Before sshd: all that belongs to the first boot of an instance, and what each boot prints."""
    _tell("running", [], [])
    seed = _seed()
    folder = _folder(seed)
    configuration = _configuration(seed)
    done = folder / "sem" / "config_users_groups"
    if not done.exists():
        _write(folder / "user-data.txt", str(seed.get("userData") or ""), 0o600)
        _set_hostname(seed, configuration)
        _make_host_keys()
        _make_user(seed, [*seed["keys"], *map(str, configuration.get("ssh_authorized_keys") or [])])
        for item in configuration.get("write_files") or []:
            _write(Path(str(item["path"])), str(item.get("content") or ""), int(str(item.get("permissions", "0644")), 8))
        done.touch()
    for command in configuration.get("bootcmd") or []:
        _run(command)
    _print_host_keys()


def _run(command: Any) -> int:
    words = ["sh", "-c", command] if isinstance(command, str) else [str(word) for word in command]
    with Path("/var/log/cloud-init-output.log").open("ab") as log:
        return subprocess.run(words, stdout=log, stderr=log, check=False).returncode


def _final() -> None:
    """The user's own script or commands, once for each instance; then it is done, and says so."""
    seed = _seed()
    folder = _folder(seed)
    configuration = _configuration(seed)
    errors: list[str] = []
    done = folder / "sem" / "config_scripts_user"
    if not done.exists():
        script = folder / "scripts" / "part-001"
        text = str(seed.get("userData") or "")
        failed = []
        if text.startswith("#!"):
            _write(script, text, 0o700)
            failed = [str(script)] if _run([str(script)]) else []
        failed += [str(command) for command in configuration.get("runcmd") or [] if _run(command)]
        if failed:
            errors.append(f"('scripts_user', RuntimeError('{len(failed)} failures: {', '.join(failed)}'))")
        _write(folder / "result.json", json.dumps(errors))
        done.touch()
    else:
        errors = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    strange = sorted(set(configuration) - KNOWN)
    warnings = [f"the sandbox's cloud-init does not know {name}: it was left out" for name in strange]
    (folder / "boot-finished").write_text(f"{time.monotonic():.2f} - {email.utils.formatdate()}\n", encoding="utf-8")
    _tell("error" if errors else "done", warnings, errors)


def _status(words: list[str]) -> int:
    wait = bool({"--wait", "-w"} & set(words))
    while True:
        shown = json.loads(STATUS.read_text(encoding="utf-8")) if STATUS.exists() else {"status": "not started"}
        if not wait or shown["status"] in ("done", "error"):
            break
        time.sleep(0.2)
    if "json" in words or "--format=json" in words:
        print(json.dumps(shown, indent=1))
    else:
        print(f"status: {shown['status']}")
        if "--long" in words or "-l" in words:
            print(f"extended_status: {shown.get('extended_status', '')}\ndetail: {shown.get('detail', '')}")
            print(f"errors: {shown.get('errors', [])}\nrecoverable_errors: {shown.get('recoverable_errors', {})}")
    if shown["status"] == "error":
        return 1
    return 2 if shown.get("recoverable_errors") else 0


def main(words: list[str]) -> int:
    """Does what the first word names; gives the exit code."""
    match words[:1]:
        case ["boot"]:
            _boot()
        case ["final"]:
            _final()
        case ["status"]:
            return _status(words[1:])
        case ["query"]:
            print(_folder(_seed()).joinpath("user-data.txt").read_text(encoding="utf-8"))
        case ["--version" | "-v"]:
            print("/usr/bin/cloud-init 25.2 (platform sandbox)")
        case _:
            print(f"cloud-init of the sandbox: not known: {' '.join(words)}", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
