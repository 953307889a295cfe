#!/usr/bin/env python3
"""Brings a snapshot of etcd back on this control plane, in steps that may each be cut off and run again.

  fetch    gets the snapshot from S3, proves its checksum, and has etcdutl read it; nothing of the node is touched
  stop     takes the manifests of the control plane aside, so that kubelet ends it; whoever calls waits until it has
  replace  makes new data of a new cluster with one member out of the snapshot, and puts it in the place of the old
  start    puts the manifests back

Nothing is ever deleted but what this run itself left half made: the old data stays beside the new, under the name that `replace` prints.
What was done is read from the disk, not from a record, so that a power cut at any point leaves a state that the next run understands.
etcdutl comes out of etcd's own image, so that its version is always the right one. S3 is spoken to by the backup script beside this one.
Settings are environment variables. Prints one line of JSON. Exit: 0 done, 1 failed.
"""
from __future__ import annotations

import datetime
import fcntl
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

COMPONENTS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
EMPTY = hashlib.sha256(b"").hexdigest()


class RestoreError(Exception):
    """A reason why the snapshot is not back."""


def setting(name: str, default: str = "") -> str:
    value = os.environ.get(name, "") or default
    if not value:
        raise RestoreError(f"{name} is not set")
    return value


def run(*command: str, limit: int = 900) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise RestoreError(f"{' '.join(command[:4])}: {problem}") from None
    if done.returncode != 0:
        raise RestoreError(f"{' '.join(command[:4])}: exit {done.returncode}: {(done.stderr or done.stdout).strip()[-500:]}")
    return done.stdout


def sync_folder(folder: pathlib.Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(path: pathlib.Path) -> bytes:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.digest()


class Node:
    """Where things are on this machine."""

    def __init__(self) -> None:
        self.run = setting("RESTORE_RUN")
        if not re.fullmatch(r"[A-Za-z0-9-]+", self.run):
            raise RestoreError(f"{self.run} is no name of a run")
        self.manifests = pathlib.Path(setting("RESTORE_MANIFESTS", "/etc/kubernetes/manifests"))
        # Not below a name of the run: another run must find what this one took aside. Beside the manifests: a rename is all or nothing.
        self.aside = self.manifests.parent / "platform-restore"
        self.work = pathlib.Path(setting("RESTORE_WORK", "/var/lib/platform/etcd-restore")) / self.run
        self.snapshot = self.work / "snapshot.db"

    def manifest(self, component: str) -> str:
        for folder in (self.aside, self.manifests):
            path = folder / f"{component}.yaml"
            if path.exists():
                return path.read_text(encoding="utf-8")
        raise RestoreError(f"neither {self.manifests} nor {self.aside} holds {component}.yaml: this machine is no control plane")

    def flag(self, name: str) -> str:
        """A flag of etcd as kubeadm wrote it into the manifest."""
        found = re.search(rf"^\s*- --{name}=(\S+)$", self.manifest("etcd"), re.MULTILINE)
        if found is None:
            raise RestoreError(f"the manifest of etcd has no --{name}")
        return found.group(1).strip("\"'")


class Etcdutl:
    """etcd's offline tool, out of the image that the manifest names."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.mounted: pathlib.Path | None = None

    def __enter__(self) -> "Etcdutl":
        given = os.environ.get("RESTORE_ETCDUTL", "")
        if given:
            self.program = given
            return self
        image = re.search(r"^\s*image:\s*(\S+)$", self.node.manifest("etcd"), re.MULTILINE)
        if image is None:
            raise RestoreError("the manifest of etcd names no image")
        place = pathlib.Path("/run/platform-etcd-image")
        # Of a run that was cut off.
        if os.path.ismount(place):
            run("umount", str(place))
        place.mkdir(mode=0o700, exist_ok=True)
        run("ctr", "--namespace", "k8s.io", "images", "mount", image.group(1).strip("\"'"), str(place))
        self.mounted = place
        programs = [place / folder / "etcdutl" for folder in ("usr/local/bin", "usr/bin", "bin")]
        found = next((path for path in programs if path.exists()), None)
        if found is None:
            raise RestoreError(f"the image {image.group(1)} holds no etcdutl")
        self.program = str(found)
        return self

    def __exit__(self, *_: object) -> None:
        if self.mounted is not None:
            run("umount", str(self.mounted))

    def status(self, snapshot: pathlib.Path) -> dict[str, object]:
        status = json.loads(run(self.program, "snapshot", "status", str(snapshot), "--write-out=json"))
        if not status.get("totalKey") or not status.get("revision"):
            raise RestoreError(f"the snapshot holds nothing: {status}")
        return status

    def restore(self, snapshot: pathlib.Path, folder: pathlib.Path) -> None:
        name, peer = self.node.flag("name"), self.node.flag("initial-advertise-peer-urls")
        # A jump in revisions makes every watcher of the old life start again instead of believing that it missed nothing (etcd, op-guide/recovery).
        run(self.program, "snapshot", "restore", str(snapshot), "--name", name, "--initial-cluster", f"{name}={peer}",
            "--initial-advertise-peer-urls", peer, "--initial-cluster-token", f"platform-{self.node.run}",
            "--data-dir", str(folder), "--bump-revision", "1000000000", "--mark-compacted")  # fmt: skip


def backup_module():
    """The script of the backups: it knows how to speak to S3."""
    path = setting("RESTORE_BACKUP_SCRIPT", str(pathlib.Path(__file__).resolve().parent / "etcd-backup"))
    loader = importlib.machinery.SourceFileLoader("platform_etcd_backup", path)
    specification = importlib.util.spec_from_loader(loader.name, loader)
    if specification is None:
        raise RestoreError(f"{path} cannot be read")
    module = importlib.util.module_from_spec(specification)
    sys.dont_write_bytecode = True
    sys.modules[loader.name] = module
    loader.exec_module(module)
    return module


def download(bucket: object, name: str, key: str, path: pathlib.Path) -> str:
    """Gets an object in pieces; returns the checksum that S3 keeps of it, '' when it has none."""
    now = datetime.datetime.now(datetime.timezone.utc)
    address = urllib.parse.urlsplit(bucket.endpoint)
    place = urllib.parse.quote(f"/{name}/{key}", safe="/-_.~")
    headers = {"host": address.netloc, "x-amz-content-sha256": EMPTY, "x-amz-checksum-mode": "ENABLED",
               "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ")}  # fmt: skip
    if bucket.credentials["token"]:
        headers["x-amz-security-token"] = bucket.credentials["token"]
    sent = {**headers, "authorization": bucket.authorization("GET", place, "", headers, now)}
    request = urllib.request.Request(f"{address.scheme}://{address.netloc}{place}", headers=sent)
    try:
        with urllib.request.urlopen(request, timeout=300) as answer, open(path, "wb") as file:
            shutil.copyfileobj(answer, file, 1 << 20)
            file.flush()
            os.fsync(file.fileno())
            return answer.headers.get("x-amz-checksum-sha256", "")
    except urllib.error.HTTPError as problem:
        raise RestoreError(f"GET s3://{name}/{key}: {problem.code} {problem.read()[:300]!r}") from None
    except OSError as problem:
        raise RestoreError(f"GET s3://{name}/{key}: {problem}") from None


def require_seal(path: pathlib.Path) -> None:
    """etcdctl ends a snapshot with the SHA-256 of what stands before (etcd server/etcdserver/api/v3rpc/maintenance.go). `snapshot status` does not compare
    it (3.6, tried: a file that was cut short passed), `snapshot restore` does, but by then the control plane is stopped."""
    size = os.path.getsize(path)
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        left = size - digest.digest_size
        while left > 0 and (block := file.read(min(left, 1 << 20))):
            digest.update(block)
            left -= len(block)
        if size % 512 != digest.digest_size or file.read() != digest.digest():
            raise RestoreError("the snapshot is damaged or cut short: it does not end with its own checksum")


def fetch(node: Node) -> dict[str, object]:
    bucket_name, key = setting("RESTORE_BUCKET"), setting("RESTORE_KEY")
    node.work.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not node.snapshot.exists():
        backup = backup_module()
        try:
            bucket = backup.Bucket(bucket_name)
        except backup.BackupError as problem:
            raise RestoreError(str(problem)) from None
        part = node.snapshot.with_suffix(".part")
        checksum = download(bucket, bucket_name, key, part)
        arrived = sha256_of(part)
        if checksum and backup.base64.b64encode(arrived).decode() != checksum:
            raise RestoreError(f"s3://{bucket_name}/{key} did not arrive as it was stored: its checksum is another")
        expected = os.environ.get("RESTORE_SHA256", "")
        if expected and arrived.hex() != expected:
            raise RestoreError(f"s3://{bucket_name}/{key} is not the snapshot that was recorded: SHA-256 {arrived.hex()}, not {expected}")
        require_seal(part)
        os.replace(part, node.snapshot)
        sync_folder(node.work)
    require_seal(node.snapshot)
    digest = sha256_of(node.snapshot).hex()
    with Etcdutl(node) as etcdutl:
        status = etcdutl.status(node.snapshot)
    needed, free = os.path.getsize(node.snapshot) * 2, shutil.disk_usage(data_folder(node)).free
    if free < needed:
        raise RestoreError(f"{data_folder(node)} has {free} bytes free, and the new data beside the old may need {needed}")
    return {"status": "fetched", "sha256": digest, "hash": status["hash"],
            "revision": status["revision"], "keys": status["totalKey"]}  # fmt: skip


def data_folder(node: Node) -> pathlib.Path:
    return pathlib.Path(os.environ.get("RESTORE_DATA_DIRECTORY", "") or node.flag("data-dir"))


def stop(node: Node) -> dict[str, object]:
    node.aside.mkdir(mode=0o700, exist_ok=True)
    for component in COMPONENTS:
        manifest = node.manifests / f"{component}.yaml"
        if manifest.exists():
            os.replace(manifest, node.aside / manifest.name)
    sync_folder(node.manifests)
    sync_folder(node.aside)
    return {"status": "stopping", "aside": str(node.aside)}


def refuse_living(data: pathlib.Path) -> None:
    """etcd locks its database file as long as it runs (bbolt, flock): nothing is moved under a living one."""
    database = data / "member" / "snap" / "db"
    if not database.exists():
        return
    with open(database, "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RestoreError(f"etcd still has {database} open: nothing was moved") from None


def replace(node: Node) -> dict[str, object]:
    data = data_folder(node)
    # Below etcd's own folder: that may be a disk of its own, and between two disks there is no rename.
    member, kept, new = data / "member", data / f"member-before-{node.run}", data / f"restored-{node.run}"
    complete = new / "complete"
    refuse_living(data)
    if not complete.exists():
        if not node.snapshot.exists():
            raise RestoreError(f"{node.snapshot} is not there: fetch comes first")
        if new.exists():
            shutil.rmtree(new)
        with Etcdutl(node) as etcdutl:
            etcdutl.restore(node.snapshot, new)
        with open(complete, "w", encoding="utf-8") as file:
            file.flush()
            os.fsync(file.fileno())
        run("sync", "--file-system", str(new))
        sync_folder(new)
    if (new / "member").exists():
        if member.exists():
            os.rename(member, kept)
            sync_folder(data)
        os.rename(new / "member", member)
        sync_folder(data)
    return {"status": "replaced", "kept": str(kept) if kept.exists() else ""}


def start(node: Node) -> dict[str, object]:
    complete = data_folder(node) / f"restored-{node.run}" / "complete"
    if not complete.exists() or (complete.parent / "member").exists():
        raise RestoreError("the data was not replaced: nothing is started")
    for component in COMPONENTS:
        manifest = node.aside / f"{component}.yaml"
        if manifest.exists():
            os.replace(manifest, node.manifests / manifest.name)
    sync_folder(node.manifests)
    kept = data_folder(node) / f"member-before-{node.run}"
    return {"status": "started", "kept": str(kept) if kept.exists() else ""}


def main() -> int:
    verbs = {"fetch": fetch, "stop": stop, "replace": replace, "start": start}
    try:
        verb = verbs.get(sys.argv[1] if len(sys.argv) == 2 else "")
        if verb is None:
            raise RestoreError(f"one of: {', '.join(verbs)}")
        print(json.dumps(verb(Node())))
        return 0
    except (RestoreError, KeyError, ValueError, OSError) as problem:
        print(json.dumps({"status": "failed", "because": str(problem)}), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
