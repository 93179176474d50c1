"""Prove a running hub: post one record and follow it through the API into both sandbox targets."""

import argparse
import os
import secrets
import urllib.error
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import ApiToken, User
from apps.accounts.roles import Role
from apps.accounts.services import create_user, issue_token, revoke_token
from apps.core.clock import utcnow
from mdm.local.children import LocalServiceError
from mdm.local.round import Round

CLIENT = "round-check"


class Command(BaseCommand):
    help = "Exit with 0 once a newly posted record is golden and in both targets, else say what is missing."
    requires_system_checks = ()

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("hub", help="address of the hub, as http://127.0.0.1:8000")
        parser.add_argument("--seconds", type=float, default=120, help="longest wait for each step")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=CLIENT).first() or create_user(
            username=CLIENT, roles=[Role.INTEGRATION], is_service=True
        )
        now = utcnow()
        token = issue_token(user=user, label="round check", expires_at=now + timedelta(hours=1))
        targets = {"CRM": os.environ["MDM_SANDBOX_CRM_URL"], "ERP": os.environ["MDM_SANDBOX_ERP_URL"]}
        proof = Round(options["hub"], token, targets, self.stdout.write, options["seconds"])
        try:
            proof.prove(secrets.token_hex(6))
        except urllib.error.HTTPError as problem:
            raise CommandError(f"{problem.url} answered {problem.code}: {problem.read()[:500]!r}") from None
        except (LocalServiceError, urllib.error.URLError) as problem:
            raise CommandError(str(problem)) from None
        finally:
            for issued in ApiToken.objects.filter(user=user, revoked_at__isnull=True):
                revoke_token(token=issued, now=utcnow())
