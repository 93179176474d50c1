"""Bring a local hub's database up to date: migrations, default rules, first logins."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from apps.accounts.models import User
from apps.accounts.roles import Role
from apps.accounts.services import create_user
from mdm.local.logins import PEOPLE, first_passwords


class Command(BaseCommand):
    help = "Migrate, seed the default rules and create the first logins; safe to repeat."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0, interactive=False)
        call_command("seed_defaults")
        passwords = first_passwords()
        known = set(User.objects.filter(username__in=PEOPLE).values_list("username", flat=True))
        for name, roles in PEOPLE.items():
            if name not in known:
                create_user(username=name, password=passwords[name], roles=[Role(role) for role in roles])
