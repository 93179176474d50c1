"""WSGI entry point: Django, and the fast lane in front of it for the hottest reads of the API."""

from django.core.wsgi import get_wsgi_application
from django.utils.module_loading import import_string

from mdm.settings import use_default

use_default()
django_application = get_wsgi_application()
# By name, because the lane can only be imported once Django has loaded its apps.
application = import_string("apps.api.lane.FastLane")(django_application)
