"""Issue an API token to a user, or to a service client made for it; prints the token, the only time it can be seen."""

import argparse
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.accounts.services import create_user, issue_token
from apps.core.clock import utcnow


class Command(BaseCommand):
    help = "Issue an API token and print it; it cannot be shown again."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--label", default="command line", help="what the token is for")
        parser.add_argument("--days", type=int, help="days until it expires (default: never)")
        parser.add_argument(
            "--new", choices=[role.value for role in Role], help="create a service client with this role"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["username"]
        user = User.objects.filter(username=name, is_active=True).first()
        if options["new"]:
            if user is not None:
                raise CommandError(f"There is a user {name} already; leave --new out.")
            user = create_user(username=name, roles=[Role(options["new"])], is_service=True)
        if user is None:
            raise CommandError(f"There is no active user {name}; create a service client with --new ROLE.")
        ends = utcnow() + timedelta(days=options["days"]) if options["days"] else None
        self.stdout.write(issue_token(user=user, label=options["label"], expires_at=ends))
