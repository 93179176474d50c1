"""Typed table of golden vehicles, and their trips."""

from django.db import models

from apps.entities import constraints as rule
from apps.entities.columns import choice, day, decimal, flag, integer, money, reference, text
from apps.golden.models import GoldenEntity, GoldenItem
from tests.toys.vehicle.spec import FUELS, LIFECYCLE, TRIPS


class Vehicle(GoldenEntity):
    """Something with wheels."""

    name = text()
    plate = text(20)
    fuel = choice(FUELS)
    seats = integer()
    load = decimal()
    price = money()
    currency = text(3)
    leased = flag()
    bought_on = day()
    seen_at = models.DateTimeField(null=True, blank=True)
    keeper = reference("resource.Resource", "vehicles")
    phone = text(48)

    class Meta:
        verbose_name = "vehicle"
        constraints = (
            rule.one_of("vehicle_status_known", "status", LIFECYCLE.states),
            rule.one_of("vehicle_fuel_known", "fuel", FUELS),
        )
        indexes = (models.Index(fields=("plate",), name="vehicle_by_plate"),)


class VehicleTrip(GoldenItem):
    """One drive."""

    number = integer()
    driver = reference("resource.Resource", "trips")
    driven_on = day()
    distance = decimal()

    class Meta:
        verbose_name = "trip"
        constraints = (rule.one_per_record("vehicle_trip_identity", *TRIPS.identity),)
