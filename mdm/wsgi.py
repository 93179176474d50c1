"""WSGI entry point."""

from django.core.wsgi import get_wsgi_application

from mdm.settings import use_default

use_default()
application = get_wsgi_application()
