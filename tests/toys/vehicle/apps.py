"""Django configuration of the toy entity."""

from apps.golden.entity_config import EntityConfig


class VehicleConfig(EntityConfig):
    name = "tests.toys.vehicle"
    label = "vehicle"
    verbose_name = "Vehicles"
    default = True  # EntityConfig stands in this module too
