"""Source records in canonical form with what was found on the way; reference data and its maps."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from apps.audit.history import History


class StandardRecord(models.Model):
    """The standardized values of one source record; the raw ones stay with the source record."""

    source_record = models.OneToOneField(
        "sources.SourceRecord", primary_key=True, on_delete=models.CASCADE, related_name="standard"
    )
    entity = models.CharField(max_length=40)
    values = models.JSONField(
        default=dict, help_text="Canonical attributes, None where there is no valid value."
    )
    issues = models.JSONField(
        default=list, help_text="Code, attribute, severity, message and value of each finding."
    )
    score = models.PositiveSmallIntegerField(default=100, help_text="0 to 100.")
    echoed = models.JSONField(
        default=dict,
        db_default={},
        help_text="What the record only repeats, by attribute or collection:identity: the hub wrote it there.",
    )
    own_recency = models.FloatField(
        null=True,
        help_text="Seconds since the epoch when it last spoke for itself, if it has only repeated the hub since.",
    )
    standardized_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(score__lte=100), name="standard_record_score_at_most_100"),
        )
        indexes = (
            models.Index(fields=("entity", "score"), name="standard_record_scores"),
            models.Index(fields=("entity",), condition=~Q(issues=[]), name="standard_record_with_issues"),
        )

    def __str__(self) -> str:
        return f"{self.entity} {self.source_record_id}: {self.score}"


class CodeList(models.Model):
    """A list of canonical codes, such as payment terms or service lines."""

    name = models.SlugField(primary_key=True, max_length=40)
    title = models.CharField(max_length=100)
    about = models.CharField(max_length=300, blank=True)
    closed = models.BooleanField(
        default=False, help_text="Values that are no code are held back until somebody maps them."
    )
    standard = models.BooleanField(
        default=False, help_text="What is valid a standard says (ISO); only names of systems are kept here."
    )
    turned_on = models.DateField(
        null=True, editable=False, help_text="Up to which day beginnings and ends were acted on."
    )
    history = History(excluded_fields=["turned_on"])

    class Meta:
        ordering = ("title",)

    def __str__(self) -> str:
        return self.title


class Dated(models.Model):
    """Base of what holds from one day to another; empty: always, until further notice."""

    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        abstract = True


class Code(Dated):
    """One canonical code of a list."""

    list = models.ForeignKey(CodeList, on_delete=models.CASCADE, related_name="codes")
    code = models.CharField(max_length=80)
    title = models.CharField(max_length=240, blank=True)
    history = History()

    class Meta:
        ordering = ("list", "code")
        constraints = (
            models.UniqueConstraint(fields=("list", "code"), name="code_unique_in_its_list"),
            models.CheckConstraint(
                condition=Q(valid_to__gte=models.F("valid_from")), name="code_days_in_order"
            ),
        )

    def __str__(self) -> str:
        return self.code


class CodeMapping(Dated):
    """What one system writes for a code: read from it, sent to it, or both."""

    list = models.ForeignKey(CodeList, on_delete=models.CASCADE, related_name="mappings")
    system = models.ForeignKey("sources.SourceSystem", on_delete=models.CASCADE, related_name="+")
    external = models.CharField(max_length=240, help_text="As the system writes it.")
    code = models.ForeignKey(Code, on_delete=models.CASCADE, related_name="mappings")
    inbound = models.BooleanField(default=True)
    outbound = models.BooleanField(default=False)
    history = History()

    class Meta:
        ordering = ("list", "system", "external")
        constraints = (
            models.UniqueConstraint(
                "list",
                "system",
                Lower("external"),
                "valid_from",
                condition=Q(inbound=True),
                nulls_distinct=False,
                name="code_mapping_reads_one_way",
            ),
            models.UniqueConstraint(
                fields=("list", "system", "code", "valid_from"),
                condition=Q(outbound=True),
                nulls_distinct=False,
                name="code_mapping_sends_one_text",
            ),
            models.CheckConstraint(
                condition=Q(inbound=True) | Q(outbound=True), name="code_mapping_has_direction"
            ),
            models.CheckConstraint(
                condition=Q(valid_to__gte=models.F("valid_from")), name="code_mapping_days_in_order"
            ),
        )

    def __str__(self) -> str:
        return f"{self.system_id}: {self.external} is {self.code_id}"
