"""Django configuration of the stewards' admin site."""

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ConsoleConfig(AppConfig):
    name = "apps.console"
    label = "console"
    verbose_name = "Console"
    default = True


class ConsoleAdminConfig(admin_apps.AdminConfig):
    """`django.contrib.admin` with our site as the default one; autodiscovery imports every screen."""

    default_site = "apps.console.site.ConsoleSite"
    default = False
