"""Child tables of golden engagements."""

from apps.entities import constraints as rule
from apps.entities.columns import choice, day, integer, money, text
from apps.entities.engagement.collections import BILLING_SCHEDULE, CHANGE_ORDER_STATES, CHANGE_ORDERS
from apps.golden.models import GoldenItem


class EngagementBilling(GoldenItem):
    """An amount to bill on a day or at a milestone."""

    seq = integer()
    due_on = day()
    milestone = text(80)
    amount = money()

    class Meta:
        verbose_name = "billing schedule line"
        constraints = (rule.one_per_record("engagement_billing_seq_unique", *BILLING_SCHEDULE.identity),)


class EngagementChange(GoldenItem):
    """A change of value or duration the parties agreed on."""

    seq = integer()
    value_delta = money()
    end_delta = integer()
    status = choice(CHANGE_ORDER_STATES)
    effective_on = day()

    class Meta:
        verbose_name = "change order"
        constraints = (
            rule.one_per_record("engagement_change_seq_unique", *CHANGE_ORDERS.identity),
            rule.one_of("engagement_change_status_known", "status", CHANGE_ORDER_STATES),
        )
