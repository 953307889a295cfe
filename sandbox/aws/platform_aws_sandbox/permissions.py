"""What this principal may not do: by default nothing; the seed or `POST /_sandbox/deny` say otherwise."""

from __future__ import annotations

from fnmatch import fnmatchcase

from . import settings


def is_denied(action: str) -> bool:
    """True when a pattern such as `ec2:Run*` covers `ec2:RunInstances`; case does not count, as in IAM."""
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in settings.current.deny)
