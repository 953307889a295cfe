"""One line of JSON for each thing that happens in a run, for the program that started Ansible.

The file named by PLATFORM_ANSIBLE_EVENTS is opened for appending; each event is one write of one line, so that a reader
sees whole lines and a killed run leaves at most its last event unwritten. Without the variable the plugin is silent.

Events (`t` is seconds since the epoch):
  start     playbook
  play      name, hosts (names)
  task      id, name, path (file:line), role, handler
  begin     id, host: a host begins with a task
  result    id, host, task, path, role, status (ok, failed, unreachable, skipped), changed, ignored, ms, rc, msg, attempts
  retry     id, host, task, attempt, of, msg
  item      id, host, label, status, changed: one item of a loop
  no_hosts  name: a play that matched nothing
  stats     hosts: {name: {ok, changed, failures, unreachable, skipped, rescued, ignored}}
`msg` is null whenever the task says no_log. A run that is interrupted or killed ends without `stats`.
"""

from __future__ import annotations

import json
import os
import time

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
    name: platform_events
    type: notification
    short_description: Writes events as lines of JSON
    description:
      - Writes one line of JSON for each event into the file named by the environment variable PLATFORM_ANSIBLE_EVENTS.
    requirements:
      - Enabled by callbacks_enabled in ansible.cfg.
"""

LONGEST_MESSAGE = 4000


class CallbackModule(CallbackBase):
    """Turns Ansible's callbacks into events."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "platform_events"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._path = os.environ.get("PLATFORM_ANSIBLE_EVENTS")
        self.disabled = not self._path
        self._file = None
        self._begun = {}

    def _write(self, kind, **fields):
        if self._file is None:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._file = os.open(self._path, flags, 0o600)
        line = json.dumps({"t": round(time.time(), 3), "type": kind, **fields}, default=str) + "\n"
        os.write(self._file, line.encode())

    def _task_of(self, task):
        return {
            "id": task._uuid,
            "task": task.get_name().strip(),
            "path": task.get_path(),
            "role": task._role.get_name() if task._role else None,
        }

    def _message(self, result, hidden):
        if hidden:
            return None
        parts = [result.get(key) for key in ("msg", "stderr", "module_stderr", "reason")]
        text = "\n".join(str(part).strip() for part in parts if part)
        return text[-LONGEST_MESSAGE:] or None

    def _result(self, status, result, ignored=False):
        host, task, outcome = result._host.get_name(), result._task, result._result
        begun = self._begun.pop((host, task._uuid), None)
        hidden = bool(task.no_log) or bool(outcome.get("_ansible_no_log"))
        told = status in ("failed", "unreachable")
        self._write(
            "result",
            host=host,
            status=status,
            changed=bool(outcome.get("changed")),
            ignored=ignored,
            ms=None if begun is None else round((time.monotonic() - begun) * 1000),
            rc=outcome.get("rc"),
            attempts=outcome.get("attempts"),
            msg=self._message(outcome, hidden) if told else None,
            **self._task_of(task),
        )

    def v2_playbook_on_start(self, playbook):
        self._write("start", playbook=os.path.abspath(playbook._file_name))

    def v2_playbook_on_play_start(self, play):
        variables = play.get_variable_manager().get_vars(play=play)
        self._write("play", name=play.get_name().strip(), hosts=list(variables.get("ansible_play_hosts_all", [])))

    def v2_playbook_on_no_hosts_matched(self):
        self._write("no_hosts")

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._write("task", handler=False, **self._task_of(task))

    def v2_playbook_on_handler_task_start(self, task):
        self._write("task", handler=True, **self._task_of(task))

    def v2_runner_on_start(self, host, task):
        self._begun[(host.get_name(), task._uuid)] = time.monotonic()
        self._write("begin", id=task._uuid, host=host.get_name())

    def v2_runner_on_ok(self, result):
        self._result("ok", result)

    def v2_runner_on_skipped(self, result):
        self._result("skipped", result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._result("failed", result, ignored=bool(ignore_errors))

    def v2_runner_on_unreachable(self, result):
        self._result("unreachable", result)

    def v2_runner_retry(self, result):
        task, outcome = result._task, result._result
        hidden = bool(task.no_log) or bool(outcome.get("_ansible_no_log"))
        self._write(
            "retry",
            host=result._host.get_name(),
            attempt=outcome.get("attempts"),
            of=outcome.get("retries"),
            msg=self._message(outcome, hidden),
            **self._task_of(task),
        )

    def _item(self, status, result):
        task, outcome = result._task, result._result
        hidden = bool(task.no_log) or bool(outcome.get("_ansible_no_log"))
        label = None if hidden else outcome.get("_ansible_item_label", outcome.get("item"))
        self._write(
            "item",
            host=result._host.get_name(),
            status=status,
            changed=bool(outcome.get("changed")),
            label=None if label is None else str(label)[:200],
            **self._task_of(task),
        )

    def v2_runner_item_on_ok(self, result):
        self._item("ok", result)

    def v2_runner_item_on_failed(self, result):
        self._item("failed", result)

    def v2_runner_item_on_skipped(self, result):
        self._item("skipped", result)

    def v2_playbook_on_stats(self, stats):
        self._write("stats", hosts={host: stats.summarize(host) for host in sorted(stats.processed)})
