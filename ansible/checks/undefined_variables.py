#!/usr/bin/env python3
"""Says, before a machine is touched, what a playbook would do to whom, and which of its variables have no value.

Usage: undefined_variables.py --inventory FILE [--extra-vars FILE] [--limit PATTERN] PLAYBOOK

Prints one JSON document:
  {"playbook", "plays": [{"name", "hosts": [name], "tasks": [{"name", "action", "file", "line", "role"}]}],
   "undefined": [{"file", "line", "task", "variable", "via", "hosts"}], "unresolved": [{"file", "line", "task", "what"}]}
`via` is the variable or template through which the name is reached, or null. `unresolved` lists what can only be known
while running (a file name that depends on a result). Exit: 0 nothing undefined, 1 something undefined, 2 not readable
(then {"error"}).

Ansible's own loader reads playbooks, roles, inventory and variable precedence; Jinja's own parser reads the templates.
Known are: everything the variable manager gives to a task on a host, what was registered or set as a fact by an earlier
task on that host, loop variables, and facts (names with ansible_). A name counts as handled where `default` is applied to
it, or where the same expression, the task's `when`, or that of a surrounding block asks whether it is defined.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path


def choose_configuration(playbook: str) -> None:
    """Ansible reads its configuration on import: take the one that lies with the playbook, unless one was named."""
    if "ANSIBLE_CONFIG" in os.environ:
        return
    for folder in Path(playbook).resolve().parents:
        if (folder / "ansible.cfg").is_file():
            os.environ["ANSIBLE_CONFIG"] = str(folder / "ansible.cfg")
            return


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Lists plays, hosts, tasks and undefined variables of a playbook as JSON.")
    parser.add_argument("--inventory", required=True, action="append")
    parser.add_argument("--extra-vars", action="append", default=[], help="file with JSON or YAML")
    parser.add_argument("--limit")
    parser.add_argument("playbook")
    return parser.parse_args()


ARGUMENTS = read_arguments()
choose_configuration(ARGUMENTS.playbook)

import jinja2  # noqa: E402
import jinja2.meta  # noqa: E402
from ansible.errors import AnsibleError  # noqa: E402
from ansible.inventory.manager import InventoryManager  # noqa: E402
from ansible.parsing.dataloader import DataLoader  # noqa: E402
from ansible.playbook import Playbook  # noqa: E402
from ansible.playbook.block import Block  # noqa: E402
from ansible.playbook.helpers import load_list_of_blocks  # noqa: E402
from ansible.playbook.role_include import IncludeRole  # noqa: E402
from ansible.playbook.task_include import TaskInclude  # noqa: E402
from ansible.plugins.loader import init_plugin_loader  # noqa: E402
from ansible.template import Templar  # noqa: E402
from ansible.vars.manager import VariableManager  # noqa: E402

try:
    from ansible.template import trust_as_template
except ImportError:  # before ansible-core 2.19 every text was a template

    def trust_as_template(value: str) -> str:
        return value


ALWAYS_KNOWN = {
    "lookup", "query", "q", "now", "undef", "omit", "range", "dict", "lipsum", "cycler", "joiner", "namespace", "hostvars",
    "groups", "group_names", "inventory_hostname", "inventory_hostname_short", "inventory_dir", "inventory_file", "playbook_dir",
    "role_path", "role_name", "role_names", "play_hosts", "environment", "vars", "true", "false", "none",
}  # fmt: skip
BARE_KEYWORDS = ("when", "until", "changed_when", "failed_when")
TEMPLATED_KEYWORDS = ("environment", "delegate_to", "become_user", "remote_user", "port", "throttle", "retries", "delay", "timeout")


class AnyName(dict):
    """Stands for Ansible's filters and tests: whether a name exists is not the question here."""

    def __contains__(self, name: object) -> bool:
        return True

    def get(self, name, default=None):
        return super().get(name) or (lambda *arguments, **options: None)

    def __missing__(self, name):
        return lambda *arguments, **options: None


class Reader:
    """Reads which names an expression needs. Jinja's extension `do` and `continue` are Ansible's defaults too."""

    def __init__(self) -> None:
        self.environment = jinja2.Environment(extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"])
        self.environment.filters = AnyName(self.environment.filters)
        self.environment.tests = AnyName(self.environment.tests)
        self.cache: dict[str, tuple[set[str], set[str], list[jinja2.nodes.Expr]]] = {}

    def needs(self, text: str) -> tuple[set[str], set[str], list[jinja2.nodes.Expr]]:
        """Names that must have a value, names that are asked after, and the file arguments of template lookups."""
        if text not in self.cache:
            self.cache[text] = self.parse(text)
        return self.cache[text]

    def parse(self, text: str) -> tuple[set[str], set[str], list[jinja2.nodes.Expr]]:
        if "{{" not in text and "{%" not in text:
            return set(), set(), []
        try:
            tree = self.environment.parse(text)
            undeclared = jinja2.meta.find_undeclared_variables(tree)
        except jinja2.TemplateError:
            return set(), set(), []
        asked: set[str] = set()
        wanted: set[str] = set()
        files: list[jinja2.nodes.Expr] = []
        self.visit(tree, asked, wanted, files)
        return (wanted & undeclared) - asked, asked, files

    def visit(self, node: jinja2.nodes.Node, asked: set[str], wanted: set[str], files: list[jinja2.nodes.Expr]) -> None:
        spared = None
        if isinstance(node, jinja2.nodes.Filter) and node.name in ("default", "d", "ansible.builtin.default"):
            spared = root_of(node.node)
        elif isinstance(node, jinja2.nodes.Test) and node.name in ("defined", "undefined"):
            spared = root_of(node.node)
            if spared is not None:
                asked.add(spared.name)
        elif isinstance(node, jinja2.nodes.Name) and node.ctx == "load":
            wanted.add(node.name)
        elif isinstance(node, jinja2.nodes.Call) and isinstance(node.node, jinja2.nodes.Name):
            if node.node.name in ("lookup", "query", "q") and len(node.args) > 1 and is_template_plugin(node.args[0]):
                files.extend(node.args[1:])
        for child in node.iter_child_nodes():
            self.skip_root(child, spared, asked, wanted, files) if spared else self.visit(child, asked, wanted, files)

    def skip_root(self, node, spared, asked, wanted, files) -> None:
        """Visits everything below a chain such as `a.b[c]` but its root `a`."""
        if node is spared:
            return
        if isinstance(node, (jinja2.nodes.Getattr, jinja2.nodes.Getitem)):
            for child in node.iter_child_nodes():
                self.skip_root(child, spared, asked, wanted, files)
            return
        self.visit(node, asked, wanted, files)


def root_of(node: jinja2.nodes.Node | None) -> jinja2.nodes.Name | None:
    while isinstance(node, (jinja2.nodes.Getattr, jinja2.nodes.Getitem)):
        node = node.node
    return node if isinstance(node, jinja2.nodes.Name) else None


def is_template_plugin(node: jinja2.nodes.Expr) -> bool:
    return isinstance(node, jinja2.nodes.Const) and str(node.value).split(".")[-1] == "template"


def constant(node: jinja2.nodes.Expr, variables: dict) -> str | None:
    """The text of a file argument, where it consists of constants and plain variables."""
    if isinstance(node, jinja2.nodes.Const):
        return str(node.value)
    if isinstance(node, jinja2.nodes.Name):
        value = variables.get(node.name)
        return value if isinstance(value, str) and "{{" not in value else None
    parts = node.nodes if isinstance(node, jinja2.nodes.Concat) else [node.left, node.right] if isinstance(node, jinja2.nodes.Add) else []
    texts = [constant(part, variables) for part in parts]
    return "".join(texts) if texts and None not in texts else None


def strings_of(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from strings_of(key)
            yield from strings_of(inner)
    elif isinstance(value, (list, tuple, set)):
        for inner in value:
            yield from strings_of(inner)


def bare(condition: object) -> Iterator[str]:
    """A condition is an expression without braces; booleans and None need nothing."""
    for one in condition if isinstance(condition, list) else [condition]:
        if isinstance(one, str):
            yield one if "{{" in one or "{%" in one else "{{ " + one + " }}"


class Inspector:
    """Walks the plays in order and remembers what each host knows."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        init_plugin_loader([])
        self.loader = DataLoader()
        self.inventory = InventoryManager(loader=self.loader, sources=arguments.inventory)
        self.variables = VariableManager(loader=self.loader, inventory=self.inventory)
        extra: dict = {}
        for file in arguments.extra_vars:
            extra.update(self.loader.load_from_file(os.path.abspath(file.removeprefix("@"))) or {})
        self.variables._extra_vars = extra
        if arguments.limit:
            self.inventory.subset(arguments.limit)
        self.path = os.path.abspath(arguments.playbook)
        self.loader.set_basedir(os.path.dirname(self.path))
        self.reader = Reader()
        self.learnt: dict[str, set[str]] = {}
        self.undefined: dict[tuple, list[str]] = {}
        self.unresolved: dict[tuple, None] = {}

    def inspect(self) -> dict:
        book = Playbook.load(self.path, variable_manager=self.variables, loader=self.loader)
        plays = [self.inspect_play(play) for play in book.get_plays()]
        return {
            "playbook": self.path,
            "plays": plays,
            "undefined": [
                {"file": f, "line": n, "task": t, "variable": v, "via": via, "hosts": sorted(set(hosts))}
                for (f, n, t, v, via), hosts in self.undefined.items()
            ],
            "unresolved": [{"file": f, "line": n, "task": t, "what": what} for f, n, t, what in self.unresolved],
        }

    def inspect_play(self, play) -> dict:
        pattern = play.hosts
        if any("{{" in text for text in strings_of(pattern)):
            pattern = Templar(loader=self.loader, variables=self.variables.get_vars(play=play)).template(pattern)
        hosts = self.inventory.get_hosts(pattern, order=play.order)
        names = [host.get_name() for host in hosts]
        for prompt in play.vars_prompt or []:
            for name in names:
                self.learnt.setdefault(name, set()).add(prompt["name"])
        tasks: list[dict] = []
        classes = self.classes_of(hosts)
        blocks = play.compile() + [handlers for handlers in play.handlers] + [h for role in play.roles for h in role.get_handler_blocks(play)]
        for representative, members in classes or [(None, [])]:
            collected: list[dict] = []
            self.walk(blocks, play, representative, members, collected)
            if len(collected) > len(tasks):
                tasks = collected
        return {"name": play.get_name().strip(), "hosts": names, "tasks": tasks}

    def classes_of(self, hosts: list) -> list[tuple]:
        """Hosts that have the same variables and groups are alike: one of them is looked at."""
        found: dict[tuple, list] = {}
        for host in hosts:
            own = self.variables.get_vars(host=host, include_hostvars=False)
            key = (frozenset(own), tuple(sorted(group.name for group in host.get_groups())), frozenset(self.learnt.get(host.get_name(), ())))
            found.setdefault(key, []).append(host)
        return [(members[0], [member.get_name() for member in members]) for members in found.values()]

    def walk(self, entries, play, host, members: list[str], collected: list[dict]) -> None:
        for entry in entries:
            if isinstance(entry, Block):
                for part in (entry.block, entry.rescue, entry.always):
                    self.walk(part, play, host, members, collected)
            else:
                self.inspect_task(entry, play, host, members, collected)

    def inspect_task(self, task, play, host, members: list[str], collected: list[dict]) -> None:
        if task.action in ("meta", "ansible.builtin.meta") and task.implicit:
            return
        file, _, line = task.get_path().rpartition(":")
        place = (file, int(line) if line.isdigit() else 0, task.get_name().strip())
        role = task._role.get_name() if getattr(task, "_role", None) else None
        collected.append({"name": place[2], "action": task.action, "file": file, "line": place[1], "role": role})
        values = self.variables.get_vars(play=play, host=host, task=task, include_hostvars=False)
        known = set(values) | ALWAYS_KNOWN | self.learnt.setdefault(members[0] if members else "", set())
        known |= self.names_from_parents(task)
        spared = self.asked_by_conditions(task)
        learns = self.learns(task, values, place)
        for text, own_result in self.texts_of(task, values, place) if members else ():  # nothing runs where no host is
            allowed = known | (learns if own_result else set())
            self.check(text, allowed, values, spared, place, None, members, set())
        for member in members or [""]:
            self.learnt.setdefault(member, set()).update(learns)
        for inner in self.included(task, play, host, values, place):
            self.walk(inner, play, host, members, collected)

    def names_from_parents(self, task) -> set[str]:
        """Loop variables of this task and of the includes around it."""
        names: set[str] = set()
        entry = task
        while entry is not None:
            if getattr(entry, "loop", None) is not None or getattr(entry, "loop_with", None):
                control = entry.loop_control
                names |= {(control and control.loop_var) or "item", "ansible_loop"}
                if control and control.index_var:
                    names.add(control.index_var)
            entry = getattr(entry, "_parent", None)
        return names

    def asked_by_conditions(self, task) -> set[str]:
        asked: set[str] = set()
        entry = task
        while entry is not None:
            conditions = getattr(entry, "when", None)
            for text in bare(conditions) if isinstance(conditions, list) else ():
                asked |= self.reader.needs(text)[1]
            entry = getattr(entry, "_parent", None)
        return asked

    def learns(self, task, values: dict, place: tuple) -> set[str]:
        names = {task.register} if task.register else set()
        action = task.action.split(".")[-1]
        if action in ("set_fact", "add_host"):
            names |= {str(key) for key in task.args if key not in ("cacheable",)}
        elif action == "set_stats":
            names |= set(task.args.get("data") or {})
        elif action == "include_vars":
            file = task.args.get("file") or task.args.get("_raw_params")
            found = self.find(str(file), "vars", task) if file and "{{" not in str(file) else None
            if found:
                names |= set(self.loader.load_from_file(found) or {})
                if task.args.get("name"):
                    names = {task.args["name"]}
            else:
                self.unresolved[(*place, f"include_vars {file or task.args.get('dir')}")] = None
        return names

    def texts_of(self, task, values: dict, place: tuple) -> Iterator[tuple[str, bool]]:
        """Each text that is templated when the task runs, and whether it may use the task's own result."""
        action = task.action.split(".")[-1]
        arguments = dict(task.args)
        for keyword in BARE_KEYWORDS:
            for text in bare(getattr(task, keyword, None)):
                yield text, keyword != "when"
        if action == "assert":
            for text in bare(arguments.pop("that", None)):
                yield text, False
        elif action == "debug" and isinstance(arguments.get("var"), str):
            yield "{{ " + arguments.pop("var") + " }}", False
        for text in strings_of(arguments):
            yield text, False
        loop = task.loop
        if task.loop_with and isinstance(loop, str) and "{{" not in loop:
            loop = None
        for text in strings_of(loop if not isinstance(loop, str) or "{{" in loop else [loop]):
            yield text, False
        if task.loop_control and isinstance(task.loop_control.label, str):
            yield task.loop_control.label, False
        for keyword in TEMPLATED_KEYWORDS:
            for text in strings_of(getattr(task, keyword, None)):
                yield text, False
        if action == "template" and arguments.get("src"):
            yield from ((text, False) for text in self.template_text(str(arguments["src"]), task, values, place))

    def template_text(self, name: str, task, values: dict, place: tuple) -> Iterator[str]:
        """The text of each template that the task may render; a name known only while running stands for all that fit."""
        files: set[str] = set()
        for item in self.items_of(task):
            resolved = self.resolve(name, values, item)
            found = self.find(resolved, "templates", task) if resolved else None
            files |= {found} if found else set(self.find_like(name, task))
        for file in sorted(files):
            yield Path(file).read_text(encoding="utf-8")
        if not files:
            self.unresolved[(*place, f"template {name}")] = None

    def items_of(self, task) -> list:
        return task.loop if isinstance(task.loop, list) and task.loop else [None]

    def resolve(self, text: str, values: dict, item: object = None) -> str | None:
        """A file name with its variables filled in; null where they are known only while running."""
        if "{{" not in text:
            return text
        variables = values if item is None else {**values, "item": item}
        try:
            return str(Templar(loader=self.loader, variables=variables).template(trust_as_template(text)))
        except Exception:
            return None

    def find_like(self, name: str, task) -> list[str]:
        role = getattr(task, "_role", None)
        pattern = re.sub(r"\{\{.*?\}\}", "*", name)
        return [str(path) for path in Path(role._role_path, "templates").glob(pattern)] if role and pattern.strip("*") else []

    def find(self, name: str, kind: str, task) -> str | None:
        """Where Ansible would look: the role, the folder of the file that names it, the folder of the playbook."""
        folders = [os.path.dirname(task.get_path().rpartition(":")[0])]
        role = getattr(task, "_role", None)
        if role:
            folders = [role._role_path, *folders]
        folders.append(self.loader.get_basedir())
        for folder in folders:
            for candidate in (os.path.join(folder, kind, name), os.path.join(folder, name)):
                if os.path.isfile(candidate):
                    return os.path.abspath(candidate)
        return None

    def included(self, task, play, host, values: dict, place: tuple) -> Iterator[list]:
        if isinstance(task, IncludeRole):
            if task.action.split(".")[-1] != "include_role":
                return
            name = self.resolve(str(task._role_name), values)
            if name is None:
                self.unresolved[(*place, f"role {task._role_name}")] = None
                return
            copy = task.copy()
            copy._role_name = name
            blocks, handlers = copy.get_block_list(play=play, variable_manager=self.variables, loader=self.loader)
            yield blocks
            yield handlers
        elif isinstance(task, TaskInclude) and task.action.split(".")[-1] == "include_tasks":
            name = task.args.get("_raw_params") or task.args.get("file")
            resolved = self.resolve(str(name), values, self.items_of(task)[0])
            found = self.find(resolved, "tasks", task) if resolved else None
            if not found:
                self.unresolved[(*place, f"tasks {name}")] = None
                return
            data = self.loader.load_from_file(found) or []
            yield load_list_of_blocks(data, play=play, parent_block=task.build_parent_block(), role=task._role,
                                      use_handlers=False, loader=self.loader, variable_manager=self.variables)  # fmt: skip

    def check(self, text, known, values, spared, place, via, members, seen) -> None:
        needed, _, files = self.reader.needs(text)
        for name in needed:
            if name in seen:
                continue
            if name not in known:
                if name not in spared and not name.startswith("ansible_"):
                    self.undefined.setdefault((*place, name, via), []).extend(members)
                continue
            for inner in strings_of(values.get(name)):
                self.check(inner, known, values, spared, place, via or name, members, seen | {name})
        for file in files:
            found = constant(file, values)
            if found is None or not self.read_lookup(found, known, values, spared, place, members, seen):
                self.unresolved[(*place, "file of a template lookup")] = None

    def read_lookup(self, name, known, values, spared, place, members, seen) -> bool:
        for folder in (values.get("role_path"), os.path.dirname(place[0]), self.loader.get_basedir()):
            for candidate in (os.path.join(folder or "", "templates", name), os.path.join(folder or "", name)):
                if os.path.isfile(candidate):
                    self.check(Path(candidate).read_text(encoding="utf-8"), known, values, spared, place, os.path.basename(name), members, seen)
                    return True
        return False


def main() -> int:
    try:
        found = Inspector(ARGUMENTS).inspect()
    except (AnsibleError, OSError) as problem:
        print(json.dumps({"error": str(problem)}))
        return 2
    print(json.dumps(found, default=str))
    return 1 if found["undefined"] else 0


if __name__ == "__main__":
    sys.exit(main())
