"""IAM: attached policies stay; the simulator answers from the seed."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.iam import models
from moto.iam.exceptions import DeleteConflictException
from moto.iam.responses import IamResponse

from .. import permissions
from ..patching import wrap


@wrap(models.IAMBackend, "delete_policy")
def _delete_policy(original: Any, self: Any, policy_arn: str) -> Any:
    """A policy that something still has attached stays."""
    policy = self.managed_policies.get(policy_arn)
    if policy and policy.attachment_count > 0:
        raise DeleteConflictException("Cannot delete a policy attached to entities.")
    return original(self, policy_arn)


def _simulate(self: Any) -> ActionResult:
    resources = self._get_param("ResourceArns") or ["*"]
    results = [
        {
            "EvalActionName": action,
            "EvalResourceName": resource,
            "EvalDecision": "implicitDeny" if permissions.is_denied(action) else "allowed",
            "MatchedStatements": [],
            "MissingContextValues": [],
        }
        for action in self._get_param("ActionNames") or []
        for resource in resources
    ]
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


# moto has no policy simulator
IamResponse.simulate_principal_policy = _simulate  # type: ignore[attr-defined]
