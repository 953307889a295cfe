#!/usr/bin/env python3
"""Takes a snapshot of etcd, proves that it can be read, stores it in S3, proves that it arrived.

Needs nothing but Python's own library: etcdctl and etcdutl come out of the running etcd container, so that their
version is always the right one, and S3 is spoken to directly (Signature Version 4), because the AWS command line is not
in the package archive of every Ubuntu release. Credentials are those of the environment, else those of the instance role.
Old snapshots leave by the bucket's own rules: a node may not delete, so that a stolen one cannot destroy backups.
Only the leader of etcd works; the other members end at once, so that every control plane may run the same timer.
Settings are environment variables; see etcd-backup.env.j2. Prints one line of JSON. Exit: 0 done or not leader, 1 failed.
"""
from __future__ import annotations

import base64
import datetime
import hashlib
import hmac
import json
import os
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

EMPTY = hashlib.sha256(b"").hexdigest()


class BackupError(Exception):
    """A reason why there is no new backup."""


def setting(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise BackupError(f"{name} is not set")
    return value


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode != 0:
        raise BackupError(f"{' '.join(command[:4])}: exit {done.returncode}: {done.stderr.strip()[-500:]}")
    return done.stdout


class Etcd:
    """The running etcd container of this node."""

    def __init__(self) -> None:
        found = json.loads(run("crictl", "ps", "--name", "^etcd$", "--state", "running", "--output", "json"))
        containers = found.get("containers") or []
        if len(containers) != 1:
            raise BackupError(f"{len(containers)} running etcd containers on this node, 1 expected")
        self.container = containers[0]["id"]

    def execute(self, *command: str) -> str:
        return run("crictl", "exec", self.container, *command)

    def control(self, *arguments: str) -> str:
        certificates = setting("BACKUP_CERTIFICATES")
        return self.execute(
            "etcdctl", "--endpoints=https://127.0.0.1:2379", "--command-timeout=300s",
            f"--cacert={certificates}/ca.crt", f"--cert={certificates}/server.crt", f"--key={certificates}/server.key",
            *arguments,
        )  # fmt: skip

    def leads(self) -> bool:
        status = json.loads(self.control("endpoint", "status", "--write-out=json"))[0]["Status"]
        return status["leader"] == status["header"]["member_id"]


class Bucket:
    """The few calls of S3 that a backup needs."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.region = setting("AWS_REGION")
        self.endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or f"https://s3.{self.region}.amazonaws.com"
        self.credentials = read_credentials()

    def call(self, method: str, key: str = "", query: dict[str, str] | None = None, headers: dict[str, str] | None = None,
             body: object = None, body_hash: str = EMPTY, length: int = 0):  # fmt: skip
        now = datetime.datetime.now(datetime.timezone.utc)
        address = urllib.parse.urlsplit(self.endpoint)
        path = urllib.parse.quote(f"/{self.name}/{key}" if key else f"/{self.name}", safe="/-_.~")
        text = "&".join(f"{quote(k)}={quote(v)}" for k, v in sorted((query or {}).items()))
        signed = {**(headers or {}), "host": address.netloc, "x-amz-content-sha256": body_hash,
                  "x-amz-date": now.strftime("%Y%m%dT%H%M%SZ")}  # fmt: skip
        if self.credentials["token"]:
            signed["x-amz-security-token"] = self.credentials["token"]
        sent = {**signed, "authorization": self.authorization(method, path, text, signed, now)}
        if body is not None:
            sent["content-length"] = str(length)
            # Left to itself urllib calls every body a form.
            sent["content-type"] = "application/octet-stream"
        url = f"{address.scheme}://{address.netloc}{path}" + (f"?{text}" if text else "")
        request = urllib.request.Request(url, data=body, headers=sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                return answer.headers, answer.read()
        except urllib.error.HTTPError as problem:
            raise BackupError(f"{method} s3://{self.name}/{key}: {problem.code} {problem.read()[:300]!r}") from None
        except OSError as problem:
            raise BackupError(f"{method} s3://{self.name}/{key}: {problem}") from None

    def authorization(self, method: str, path: str, query: str, headers: dict[str, str], now: datetime.datetime) -> str:
        names = ";".join(sorted(headers))
        lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
        canonical = "\n".join([method, path, query, lines, names, headers["x-amz-content-sha256"]])
        day = now.strftime("%Y%m%d")
        scope = f"{day}/{self.region}/s3/aws4_request"
        to_sign = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + self.credentials["secret"]).encode()
        for part in (day, self.region, "s3", "aws4_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
        return f"AWS4-HMAC-SHA256 Credential={self.credentials['key']}/{scope}, SignedHeaders={names}, Signature={signature}"

    def store(self, key: str, path: str, digest: bytes) -> None:
        checksum = base64.b64encode(digest).decode()
        length = os.path.getsize(path)
        with open(path, "rb") as body:
            self.call("PUT", key, headers={"x-amz-checksum-sha256": checksum}, body=body, body_hash=digest.hex(), length=length)
        stored, _ = self.call("HEAD", key, headers={"x-amz-checksum-mode": "ENABLED"})
        if int(stored["content-length"]) != length or stored.get("x-amz-checksum-sha256", checksum) != checksum:
            raise BackupError(f"s3://{self.name}/{key} differs from the snapshot that was sent")


def quote(text: str) -> str:
    return urllib.parse.quote(text, safe="-_.~")


def read_credentials() -> dict[str, str]:
    """Credentials of the environment, else of the instance role (metadata version 2)."""
    if os.environ.get("AWS_ACCESS_KEY_ID"):
        return {"key": os.environ["AWS_ACCESS_KEY_ID"], "secret": setting("AWS_SECRET_ACCESS_KEY"),
                "token": os.environ.get("AWS_SESSION_TOKEN", "")}  # fmt: skip
    metadata = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://169.254.169.254").rstrip("/")

    def ask(method: str, path: str, headers: dict[str, str]) -> str:
        request = urllib.request.Request(metadata + path, headers=headers, method=method)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.read().decode()

    try:
        token = ask("PUT", "/latest/api/token", {"X-aws-ec2-metadata-token-ttl-seconds": "300"})
        header = {"X-aws-ec2-metadata-token": token}
        base = "/latest/meta-data/iam/security-credentials/"
        role = ask("GET", base, header).split("\n")[0]
        given = json.loads(ask("GET", base + role, header))
        return {"key": given["AccessKeyId"], "secret": given["SecretAccessKey"], "token": given["Token"]}
    except (OSError, KeyError, ValueError) as problem:
        raise BackupError(f"no credentials from the instance role: {problem}") from None


def take_snapshot(etcd: Etcd, path: str) -> dict[str, object]:
    """Writes a snapshot and lets etcd's own tool check it (it compares the hash that is kept inside the file)."""
    etcd.control("snapshot", "save", path)
    status = json.loads(etcd.execute("etcdutl", "snapshot", "status", path, "--write-out=json"))
    if not status.get("totalKey") or not status.get("revision"):
        raise BackupError(f"the snapshot holds nothing: {status}")
    return status


def sha256_of(path: str) -> bytes:
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.digest()


def remember(result: dict[str, object]) -> None:
    path = setting("BACKUP_STATE")
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(result, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(path + ".new", path)


def back_up() -> dict[str, object]:
    etcd = Etcd()
    if not etcd.leads():
        if not os.path.exists(setting("BACKUP_STATE")):
            remember({"status": "not-leader"})
        return {"status": "not-leader"}
    now = datetime.datetime.now(datetime.timezone.utc)
    prefix = setting("BACKUP_PREFIX")
    key = f"{prefix}{now.strftime('%Y%m%dT%H%M%SZ')}-{setting('BACKUP_NODE')}.db"
    # Below etcd's own folder, because that is the one which the container shares with the machine.
    folder = os.path.join(setting("BACKUP_DATA_DIRECTORY"), "platform-snapshot")
    path = os.path.join(folder, "snapshot.db")
    os.makedirs(folder, mode=0o700, exist_ok=True)
    try:
        status = take_snapshot(etcd, path)
        digest = sha256_of(path)
        bucket = Bucket(setting("BACKUP_BUCKET"))
        bucket.store(key, path, digest)
        result = {"status": "stored", "bucket": bucket.name, "key": key, "bytes": os.path.getsize(path), "sha256": digest.hex(),
                  "revision": status["revision"], "keys": status["totalKey"], "at": now.isoformat()}  # fmt: skip
    finally:
        for left in (path, path + ".part"):
            if os.path.exists(left):
                os.remove(left)
    remember(result)
    return result


def main() -> int:
    try:
        print(json.dumps(back_up()))
        return 0
    except (BackupError, subprocess.TimeoutExpired, KeyError, ValueError, OSError) as problem:
        print(json.dumps({"status": "failed", "because": str(problem)}), file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
