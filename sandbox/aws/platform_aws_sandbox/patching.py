"""Replaces a method of moto by a rule that can call the original."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def wrap(owner: Any, name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Makes the decorated function stand for `owner.name`.

    The function gets the original as its first argument, then the arguments of the call. A name
    that does not exist is an error at start-up: the patched names are private to moto 5.2.1.
    """
    original = getattr(owner, name)

    def decorate(rule: Callable[..., Any]) -> Callable[..., Any]:
        def replacement(*args: Any, **kwargs: Any) -> Any:
            return rule(original, *args, **kwargs)

        replacement.__name__ = name
        setattr(owner, name, replacement)
        return rule

    return decorate
