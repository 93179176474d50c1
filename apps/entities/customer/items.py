"""Child tables of golden customers."""

from django.db import models

from apps.entities import constraints as rule
from apps.entities.columns import choice, day, flag, money, reference, text
from apps.entities.customer.attributes import PARENT_KINDS
from apps.entities.customer.collections import (
    ADDRESS_KINDS,
    ADDRESSES,
    ALTERNATE_NAMES,
    CONTACT_ROLES,
    CONTACTS,
    ENTITY_TERMS,
    PARENTS,
    TAX_IDS,
)
from apps.golden.models import GoldenItem


class CustomerParent(GoldenItem):
    """Where the customer stands in one tree, from one day to another."""

    kind = choice(PARENT_KINDS)
    parent = reference("customer.Customer", "places")
    valid_from = day()
    valid_to = day()

    class Meta:
        verbose_name = "place in a tree"
        verbose_name_plural = "places in trees"
        constraints = (
            rule.one_per_record("customer_place_identity", *PARENTS.identity),
            rule.one_of("customer_place_kind_known", "kind", PARENT_KINDS),
            rule.in_order("customer_place_days_in_order", "valid_from", "valid_to"),
            rule.not_itself("customer_place_not_itself", "parent"),
        )


class CustomerTaxId(GoldenItem):
    """A number a tax office or register knows the customer by."""

    scheme = text(20)
    country = text(2)
    value = text(40)

    class Meta:
        verbose_name = "tax id"
        constraints = (
            rule.one_per_record("customer_tax_id_identity", *TAX_IDS.identity),
            rule.matches("customer_tax_id_country_iso3166", "country", rule.COUNTRY),
        )
        indexes = (models.Index(fields=("value",), name="customer_tax_id_by_value"),)


class CustomerName(GoldenItem):
    """Another name of the customer."""

    name = text()

    class Meta:
        verbose_name = "alternate name"
        constraints = (rule.one_per_record("customer_name_identity", *ALTERNATE_NAMES.identity),)


class CustomerAddress(GoldenItem):
    """A place of the customer."""

    kind = choice(ADDRESS_KINDS)
    site = text(80)
    line1 = text()
    line2 = text()
    city = text(120)
    region = text(120)
    postcode = text(20)
    country = text(2)

    class Meta:
        verbose_name = "address"
        verbose_name_plural = "addresses"
        constraints = (
            rule.one_per_record("customer_address_identity", *ADDRESSES.identity),
            rule.one_of("customer_address_kind_known", "kind", ADDRESS_KINDS),
            rule.matches("customer_address_country_iso3166", "country", rule.COUNTRY),
        )
        indexes = (models.Index(fields=("country", "postcode"), name="customer_address_by_postcode"),)


class CustomerTerms(GoldenItem):
    """What one legal entity of the firm agreed with the customer."""

    legal_entity = text(40)
    currency = text(3)
    payment_terms = text(40)
    tax_profile = text(80)
    credit_limit = money()
    credit_hold = flag()
    ar_account = text(40)

    class Meta:
        verbose_name = "terms by legal entity"
        verbose_name_plural = "terms by legal entity"
        constraints = (
            rule.one_per_record("customer_terms_identity", *ENTITY_TERMS.identity),
            rule.matches("customer_terms_currency_iso4217", "currency", rule.CURRENCY),
            rule.not_negative("customer_terms_credit_limit_not_negative", "credit_limit"),
        )


class CustomerContact(GoldenItem):
    """A person at the customer, in one role."""

    role = choice(CONTACT_ROLES)
    name = text()
    email = text(254)
    phone = text(48)

    class Meta:
        verbose_name = "contact"
        constraints = (
            rule.one_per_record("customer_contact_identity", *CONTACTS.identity),
            rule.one_of("customer_contact_role_known", "role", CONTACT_ROLES),
            rule.matches("customer_contact_email_format", "email", rule.EMAIL),
            rule.matches("customer_contact_phone_e164", "phone", rule.PHONE),
        )
        indexes = (models.Index(fields=("email",), name="customer_contact_by_email"),)
