"""Judges a playbook as ansible-playbook would before it touches a machine, then becomes ansible-playbook with another one.

Usage: play.py JSON WORDS...    WORDS are those of an ansible-playbook command line
  {"judge": [word...]}          words for the inspector, or with `--syntax-check` for ansible-playbook; absent: nothing to judge
  {"inspector": path}           ansible/checks/undefined_variables.py
  {"good": path}                written when nothing was found

Exit 4, with what was found on standard error, is ansible-playbook's own for what its parser refuses. One process for both,
because loading Ansible takes longer than either: the judgement is made in a fork, so that it leaves no trace in the play.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from pathlib import Path

# Node has made our standard streams non-blocking when it started a child; Ansible refuses such streams, and Node has no way back.
for stream in (0, 1, 2):
    os.set_blocking(stream, True)

from ansible.cli.playbook import main as ansible_playbook  # noqa: E402

REFUSED = 4


def judge(inspector: str, words: list[str]) -> int:
    """In the fork: runs to its end, and gives its exit code."""
    # Only the real run has the events of the product's plugin.
    os.environ.pop("PLATFORM_ANSIBLE_EVENTS", None)
    try:
        if "--syntax-check" in words:
            ansible_playbook(["ansible-playbook", *words])
        else:
            sys.argv = [inspector, *words]
            runpy.run_path(inspector, run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def is_good(inspector: str, words: list[str]) -> bool:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writing, 1)
        os.dup2(writing, 2)
        code = judge(inspector, words)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as output:
        said = output.read()
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
        return True
    sys.stderr.buffer.write(said)
    return False


def main() -> None:
    asked = json.loads(sys.argv[1])
    words = sys.argv[2:]
    if "judge" in asked:
        if not is_good(asked["inspector"], asked["judge"]):
            sys.exit(REFUSED)
        good = Path(asked["good"])
        good.parent.mkdir(parents=True, exist_ok=True)
        good.touch()
    sys.argv = ["ansible-playbook", *words]
    sys.exit(ansible_playbook())


main()
